//! Properties of any body, any frames and any header.

use std::io::Read;

use proptest::collection::vec;
use proptest::prelude::*;
use rpc_core::unstable::{
    FrameHeader, FrameReader, FrameWriter, MAX_HEADER_LEN_WRITTEN, MessageReader, ReplyHeader, RequestHeader,
};
use rpc_core::{DataType, FrameKind, Status};
use rpc_tests::{watchdog, wire};

/// Yields a byte stream in pieces of the given sizes, repeated.
struct InPieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for InPieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes.next().copied().unwrap_or(1).min(buf.len()).min(self.bytes.len());
        buf[..size].copy_from_slice(&self.bytes[..size]);
        self.bytes = &self.bytes[size..];
        Ok(size)
    }
}

/// A body, split into frames anywhere, empty ones included.
fn cut_body() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 0..20_000), 1..6)
}

fn frames_of(pieces: &[Vec<u8>]) -> Vec<u8> {
    let last = pieces.len() - 1;
    pieces.iter().enumerate().flat_map(|(index, piece)| wire::frame(wire::DATA, index == last, piece)).collect()
}

/// Failing cases are printed, not kept in files.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn any_body_cut_into_any_frames_reads_back_the_same() {
    watchdog(|| {
        proptest!(config(), |(pieces in cut_body(), sizes in vec(1_usize..30_000, 1..8), read in 1_usize..40_000)| {
        let bytes = frames_of(&pieces);
        let mut messages = MessageReader::new(InPieces { bytes: &bytes, sizes: sizes.iter().cycle() });
        messages.start_body(1);
        let mut body = Vec::new();
        let mut piece = vec![0; read];
        loop {
            match messages.read_message(&mut piece).unwrap() {
                0 => break,
                count => body.extend_from_slice(&piece[..count]),
            }
        }
        prop_assert!(messages.body_ended());
        prop_assert_eq!(body, pieces.concat());
        prop_assert_eq!(messages.read_message(&mut piece).unwrap(), 0, "the end stays the end");
        });
    });
}

#[test]
fn any_cut_of_any_body_is_an_error() {
    watchdog(|| {
        proptest!(config(), |(pieces in cut_body(), at in any::<prop::sample::Index>())| {
        let bytes = frames_of(&pieces);
        let cut = at.index(bytes.len());
        let mut messages = MessageReader::new(&bytes[..cut]);
        messages.start_body(1);
        prop_assert!(messages.read_body(usize::MAX, &mut Vec::new()).is_err());
        });
    });
}

#[test]
fn any_writes_come_back_as_one_body() {
    watchdog(|| {
        proptest!(config(), |(pieces in cut_body(), finish_with in vec(any::<u8>(), 0..100))| {
        let mut frames = FrameWriter::new(Vec::new());
        for piece in &pieces {
            frames.write(FrameKind::Data, false, piece).unwrap();
        }
        frames.finish_body(&finish_with).unwrap();
        let messages = wire::messages(frames.get_ref());
        prop_assert_eq!(messages.len(), 1);
        prop_assert_eq!(&messages[0].payload, &[pieces.concat(), finish_with].concat());
        });
    });
}

#[test]
fn any_request_header_round_trips() {
    watchdog(|| {
        proptest!(config(), |(endpoint in any::<String>(), data_type in any::<u32>(), accept in any::<u32>())| {
        let header = RequestHeader { data_type, accept, ..RequestHeader::new(&endpoint, DataType::None, DataType::None) };
        let mut bytes = Vec::new();
        if header.encode(&mut bytes) {
            prop_assert_eq!(RequestHeader::decode(&bytes).unwrap(), header);
            prop_assert_eq!(bytes.last(), Some(&b'}'));
        } else {
            prop_assert!(header.endpoint.len() > 600, "only a long name does not fit");
        }
        });
    });
}

#[test]
fn any_reply_header_round_trips_or_is_cut() {
    watchdog(|| {
        proptest!(config(), |(message in any::<String>(), repeat in 1_usize..400)| {
        let message = message.repeat(repeat);
        let header = ReplyHeader::refusal(Status::Error, &message);
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        prop_assert!(bytes.len() <= MAX_HEADER_LEN_WRITTEN);
        let read = ReplyHeader::decode(&bytes).unwrap();
        if read != header {
            let kept = read.error_message.strip_suffix('…').unwrap();
            prop_assert!(message.starts_with(kept));
            prop_assert!(bytes.len() > MAX_HEADER_LEN_WRITTEN - 8, "cut no earlier than needed");
        }
        });
    });
}

#[test]
fn any_bytes_are_a_header_or_a_violation() {
    watchdog(|| {
        proptest!(config(), |(bytes in vec(any::<u8>(), 0..200))| {
        _ = RequestHeader::decode(&bytes);
        _ = ReplyHeader::decode(&bytes);
        });
    });
}

#[test]
fn any_frame_header_decodes_to_what_encodes_to_it() {
    watchdog(|| {
        proptest!(config(), |(bytes in any::<[u8; 6]>())| {
        if let Ok(header) = FrameHeader::decode(bytes) {
            let canonical = header.encode();
            prop_assert_eq!(FrameHeader::decode(canonical).unwrap(), header);
            prop_assert_eq!(canonical[0], bytes[0]);
            prop_assert_eq!(header.last, bytes[1] != 0);
        }
        });
    });
}

#[test]
fn any_bytes_are_frames_or_a_violation() {
    watchdog(|| {
        proptest!(config(), |(bytes in vec(any::<u8>(), 0..300))| {
        let mut reader = FrameReader::new(&bytes[..]);
        let mut seen = 0;
        while let Ok(Some(frame)) = reader.next_frame() {
            seen += 6 + u64::from(frame.len);
            if frame.kind != FrameKind::Reset {
                prop_assert!(seen <= bytes.len() as u64 + u64::from(reader.remaining()));
            }
        }
        });
    });
}

#[test]
fn every_data_type_number_is_known_or_not() {
    watchdog(|| {
        proptest!(config(), |(number in any::<u32>())| {
        if let Some(data_type) = DataType::from_wire(number) {
            prop_assert_eq!(data_type.to_wire(), number);
        }
        if let Some(status) = Status::from_wire(number) {
            prop_assert_eq!(status.to_wire(), number);
        }
        });
    });
}
