//! Raw bytes in both directions.

use std::io::{self, BufRead, Read};
use std::thread;
use std::time::Duration;

use rpc_tests::{watchdog, watchdog_with_limit};

use crate::fixture::{Shapes, ShapesClient, checksum, pattern, shapes};

/// Around zero, the buffers' sizes, a stream's largest frame, and the largest frame of all.
const SIZES: [usize; 19] = [
    0, 1, 2, 8_191, 8_192, 8_193, 16_384, 81_920, 81_921, 262_143, 262_144, 262_145, 344_064, 344_065, 524_289,
    4_194_303, 4_194_304, 4_194_305, 9_000_000,
];

#[test]
fn downloads_arrive_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = shapes();
        for size in SIZES {
            let mut bytes = Vec::new();
            client.pattern(size).unwrap().read_to_end(&mut bytes).unwrap();
            assert!(bytes == pattern(size), "{size}: {} bytes arrived", bytes.len());
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn uploads_arrive_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (_served, client) = shapes();
        for size in SIZES {
            let bytes = pattern(size);
            assert_eq!(client.receive(&bytes[..]).unwrap(), (size as u64, checksum(&bytes)));
        }
    });
}

#[test]
fn a_source_of_small_pieces_arrives_whole() {
    /// Yields one byte, two, three, …, and is interrupted before each.
    struct Growing<'a>(&'a [u8], usize);
    impl Read for Growing<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(2) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = buf.len().min(self.1);
            self.0.read(&mut buf[..most])
        }
    }
    watchdog(|| {
        let (_served, client) = shapes();
        let bytes = pattern(100_000);
        assert_eq!(client.receive(Growing(&bytes, 0)).unwrap(), (100_000, checksum(&bytes)));
    });
}

#[test]
fn a_stream_can_be_read_in_every_way() {
    watchdog(|| {
        let (served, client) = shapes();
        let size = 1_000_000;

        let mut copied = Vec::new();
        assert_eq!(client.pattern(size).unwrap().copy_to(&mut copied).unwrap(), size as u64);
        assert!(copied == pattern(size));

        let mut pieces = Vec::new();
        let mut stream = client.pattern(size).unwrap();
        let mut buffer = [0; 7];
        loop {
            assert_eq!(stream.read(&mut []).unwrap(), 0, "an empty buffer does not mean the end");
            let count = stream.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            pieces.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(stream.read(&mut buffer).unwrap(), 0, "the end stays the end");
        assert!(pieces == pattern(size));

        let mut stream = client.pattern(size).unwrap();
        let mut shown = Vec::new();
        loop {
            let piece = stream.fill_buf().unwrap();
            if piece.is_empty() {
                break;
            }
            // consume less than `fill_buf` returned
            let count = piece.len().div_ceil(2);
            shown.extend_from_slice(&piece[..count]);
            stream.consume(count);
        }
        assert!(shown == pattern(size));

        let lines: Vec<String> = client.repeat("one\ntwo\n", 2).unwrap().lines().map(io::Result::unwrap).collect();
        assert_eq!(lines, ["one", "two", "one", "two"]);
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_download_may_borrow_from_the_arguments() {
    watchdog(|| {
        let (_served, client) = shapes();
        let mut text = String::new();
        client.repeat("abc", 100_000).unwrap().read_to_string(&mut text).unwrap();
        assert!(text == "abc".repeat(100_000));
    });
}

#[test]
fn a_stream_outlives_its_client_and_changes_threads() {
    watchdog(|| {
        let (_served, client) = shapes();
        let mut stream = {
            let text = "gone soon ".to_owned();
            client.repeat(&text, 100_000).unwrap()
        };
        drop(client);
        let text = thread::spawn(move || {
            let mut text = String::new();
            stream.read_to_string(&mut text).map(|_| text)
        });
        assert!(text.join().unwrap().unwrap() == "gone soon ".repeat(100_000));
    });
}

#[test]
fn the_end_of_a_stream_returns_its_connection() {
    watchdog(|| {
        let (served, client) = shapes();
        let mut stream = client.stamp().unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        client.nothing().unwrap();
        assert_eq!((text.as_str(), served.connections()), ("stamp", 1), "before the stream is dropped");
        drop(stream);
    });
}

#[test]
fn a_stream_dropped_early_keeps_the_connection_in_step() {
    watchdog(|| {
        let (served, client) = shapes();
        for size in [100, 10_000, 3_000_000] {
            let mut stream = client.pattern(size).unwrap();
            stream.read_exact(&mut [0]).unwrap();
            drop(stream);
            assert_eq!(client.text("next").unwrap(), "next", "after a stream of {size}");
            drop(client.pattern(size).unwrap());
            assert_eq!(client.text("next").unwrap(), "next", "after an unread stream of {size}");
        }
        assert_eq!(served.connections(), 1, "the rest of a stream is cancelled, and the connection stays in step");
    });
}

#[test]
fn a_stream_can_be_forwarded_while_it_arrives() {
    watchdog(|| {
        let (_served, client) = shapes();
        let bytes = pattern(3_000_000);
        assert_eq!(client.receive(client.pattern(3_000_000).unwrap()).unwrap(), (3_000_000, checksum(&bytes)));
        ShapesClient::close(client).unwrap();
    });
}
