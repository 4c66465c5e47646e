//! Connections: the order of frames, and the end of a connection.
//!
//! The order rules are pure state machines in their own files, one for each side: [`ClientTurn`]
//! and [`ServerTurn`]. The rest moves bytes accordingly. After any error a connection is in step or
//! closed; client and server decide which.

mod client_turn;
mod closing;
mod held_back;
#[cfg(test)]
mod interleavings;
mod lendable;
mod octets;
mod server_turn;

use std::io::{self, IoSlice};
use std::time::Duration;

use crate::frame::{FrameError, FrameKind, FrameWriter, TryWrite};
use crate::message::{DataType, MessageError, MessageReader, ReplyHeader, RequestHeader};
use crate::transport::{KernelPipe, ReadHalf, TimeLimit, Timed, WriteHalf, limit_has_passed};

pub(crate) use client_turn::{Answer, ClientTurn};
pub(crate) use closing::{discard_until_the_end, finish, request_close};
use held_back::Expected;
pub(crate) use lendable::Lendable;
pub(crate) use octets::Target;
pub(crate) use server_turn::{CLOSE, DESCRIBE, PING, ServerTurn, Wanted};

/// The most bytes that are read and thrown away to keep a connection in step: more than the largest
/// frame and the buffers on the way.
pub(crate) const DISCARD_BYTES: u64 = 16 * 1024 * 1024;

/// How long throwing away may take.
pub(crate) const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The largest header buffer in bytes that an idle connection keeps. A server's connection has two
/// of them, one buffer for JSON and one for queued frames (4 KiB); with the read-ahead that is less
/// than 16 KiB. Buffers grow by doubling, so headers up to 256 bytes and values up to 512 bytes
/// need no new memory.
pub(crate) const HEADER_KEPT: usize = 512;

/// The largest JSON buffer in bytes that an idle connection keeps.
pub(crate) const JSON_KEPT: usize = 1024;

/// How many bytes of a stream are read from its source at once if octets go both ways.
pub(crate) const CHUNK: usize = 256 * 1024;

/// The direction from the peer.
pub(crate) struct Inbound {
    pub(crate) messages: MessageReader<Timed<dyn ReadHalf>>,
}

/// What [`Inbound::look_ahead`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// Nothing has arrived yet.
    Nothing,
    /// Bytes have arrived.
    Bytes,
    /// The peer has ended its direction, or the transport failed.
    End,
    /// The transport cannot look.
    Blind,
}

impl Inbound {
    pub(crate) fn new(reader: Box<dyn ReadHalf>) -> Inbound {
        Inbound { messages: MessageReader::new(Timed::new(reader)) }
    }

    pub(crate) fn set_time_limit(&mut self, time_limit: TimeLimit) {
        self.messages.frames_mut().get_mut().time_limit = time_limit;
    }

    /// Returns what has arrived since the last read, without blocking.
    pub(crate) fn look_ahead(&mut self) -> Ahead {
        // bytes that do not count may be followed by others, which no waiting would notice if the
        // transport keeps them
        while self.messages.ahead().is_empty() {
            match self.messages.frames_mut().read_ahead(|source, buffer| source.half.try_read(buffer)) {
                Ok(0) => return Ahead::End,
                Ok(_) => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => return Ahead::Nothing,
                    io::ErrorKind::Unsupported => return Ahead::Blind,
                    _ => return Ahead::End,
                },
            }
        }
        Ahead::Bytes
    }

    /// Returns what the transport says about its end, which has been read, if it says anything.
    pub(crate) fn end_explained(&mut self) -> Option<io::Error> {
        let error = self.messages.frames_mut().get_mut().half.try_read(&mut [0]).err();
        error.filter(|error| error.get_ref().is_some())
    }

    /// Returns whether the frame that was read ahead after a request's end cancels the call or
    /// gives up the connection.
    pub(crate) fn cancel_is_next(&self) -> bool {
        let kind = self.messages.ahead().first().copied().and_then(FrameKind::from_wire);
        matches!(kind, Some(FrameKind::Trailer | FrameKind::Reset))
    }

    /// Blocks until something arrives or the time limit has passed. Returns `false` at the end of
    /// the byte stream.
    pub(crate) fn wait(&mut self) -> io::Result<bool> {
        if !self.messages.frames().buffered().is_empty() {
            return Ok(true);
        }
        Ok(self.messages.frames_mut().read_ahead(io::Read::read)? > 0)
    }

    /// Reads the rest of the body and throws it away; a Trailer frame ends it as well. Returns
    /// `false` if that takes more than [`DISCARD_BYTES`] or this time.
    pub(crate) fn discard_body(&mut self, limit: Duration) -> Result<bool, MessageError> {
        if self.messages.skip_read_ahead()? {
            return Ok(true);
        }
        self.set_time_limit(TimeLimit::total(Some(limit)));
        let mut left = DISCARD_BYTES;
        loop {
            self.messages.next_part();
            let count = match self.messages.fill_message() {
                Ok(shown) => shown.len(),
                Err(MessageError::Trailer(_)) => 0,
                Err(MessageError::Io(error)) if limit_has_passed(&error) => return Ok(false),
                Err(error) => return Err(error),
            };
            if self.messages.body_ended() {
                return Ok(true);
            }
            self.messages.consume_message(count);
            match left.checked_sub(count as u64) {
                Some(rest) => left = rest,
                None => return Ok(false),
            }
        }
    }
}

/// The direction to the peer.
pub(crate) struct Outbound {
    pub(crate) frames: FrameWriter<Timed<dyn WriteHalf>>,
    /// The header to be written.
    pub(crate) header: Vec<u8>,
    visit: Expected,
}

impl Outbound {
    pub(crate) fn new(writer: Box<dyn WriteHalf>) -> Outbound {
        Outbound { frames: FrameWriter::new(Timed::new(writer)), header: Vec::new(), visit: Expected::default() }
    }

    pub(crate) fn set_time_limit(&mut self, time_limit: TimeLimit) {
        self.frames.get_mut().time_limit = time_limit;
    }

    /// Queues a reply's header.
    pub(crate) fn queue_reply(&mut self, header: &ReplyHeader<'_>) -> Result<(), FrameError> {
        self.header.clear();
        header.encode(&mut self.header);
        self.queue_header()
    }

    /// Queues what is in `header`.
    pub(crate) fn queue_header(&mut self) -> Result<(), FrameError> {
        self.frames.queue(FrameKind::Header, true, &self.header)
    }

    /// Encodes the header of a request of a control endpoint into `header`.
    pub(crate) fn encode_control(&mut self, endpoint: &str) {
        self.header.clear();
        let fits = RequestHeader::new(endpoint, DataType::Control, DataType::Control).encode(&mut self.header);
        debug_assert!(fits, "this header is short");
    }

    /// Returns whether the kernel can move a frame's payload from a pipe.
    pub(crate) fn takes_pipes(&self) -> bool {
        self.frames.get_ref().half.takes_pipes()
    }

    /// Sends the `len` bytes in a pipe as a frame of a body.
    pub(crate) fn write_from_pipe(&mut self, pipe: &mut KernelPipe, len: usize) -> Result<(), FrameError> {
        self.frames.write_by(
            (FrameKind::Data, false, len),
            |sink, head| {
                let until = sink.begin();
                sink.half.write_more(head, until)
            },
            |sink| {
                let until = sink.begin();
                sink.half.write_from_pipe(pipe, until)
            },
        )
    }

    /// Sends a Trailer frame: in place of the next frame of a body it ends the body, after the end
    /// of a request it cancels the reply.
    pub(crate) fn write_trailer(&mut self, trailer: &ReplyHeader<'_>) -> Result<(), FrameError> {
        self.header.clear();
        trailer.encode(&mut self.header);
        self.frames.write(FrameKind::Trailer, true, &self.header)
    }

    /// Sends a Reset frame, which gives up the connection. Nothing may be written after it.
    pub(crate) fn reset(&mut self) -> Result<(), FrameError> {
        self.frames.write(FrameKind::Reset, true, &[])
    }

    /// Gives back the memory that a large message took.
    pub(crate) fn trim(&mut self) {
        self.frames.trim();
        trim(&mut self.header, HEADER_KEPT);
    }
}

impl TryWrite for Timed<dyn WriteHalf> {
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.half.try_write(&[IoSlice::new(bytes)])
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        self.half.try_flush()
    }
}

/// Gives back the memory of a buffer that has grown over `kept` bytes.
pub(crate) fn trim(buffer: &mut Vec<u8>, kept: usize) {
    if buffer.capacity() > kept {
        *buffer = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// Returns a part at each try.
    struct InParts(std::vec::IntoIter<Vec<u8>>);

    impl ReadHalf for InParts {
        fn read(&mut self, buf: &mut [u8], _until: Option<Instant>) -> io::Result<usize> {
            self.try_read(buf)
        }

        fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let part = self.0.next().ok_or(io::ErrorKind::WouldBlock)?;
            buf[..part.len()].copy_from_slice(&part);
            Ok(part.len())
        }
    }

    /// After an extra frame of an original sender nothing more was looked for. But a transport may
    /// keep what follows, and nothing that arrives later would tell.
    #[test]
    fn what_follows_bytes_that_do_not_count_is_noticed() {
        let full = [&[1, 1, 0, 16, 0, 0][..], &[b' '; 4096]].concat();
        let (extra, next) = (vec![1, 1, 0, 0, 0, 0], vec![1]);
        for (parts, expected) in [
            (vec![full.clone(), extra.clone(), next.clone()], Ahead::Bytes),
            (vec![full.clone(), extra[..2].to_vec(), extra[2..].to_vec(), next], Ahead::Bytes),
            (vec![full, extra], Ahead::Nothing),
        ] {
            let mut inbound = Inbound::new(Box::new(InParts(parts.into_iter())));
            assert!(inbound.messages.read_header(&mut Vec::new()).unwrap());
            assert_eq!(inbound.look_ahead(), expected);
        }
    }
}
