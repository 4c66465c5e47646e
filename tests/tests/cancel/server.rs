//! What a server does when a cancel, or something else, comes while it sends a stream.

use std::sync::mpsc;
use std::thread;

use rpc_core::{Ended, Error, Result, serve_connection};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::{Value, json};
use wire::{DATA, HEADER, RESET, TRAILER};

use crate::service::gated;

/// What a client's script works with: the gate of the server's stream, and what the stream reports.
struct Hands {
    peer: ScriptedPeer,
    go: mpsc::Sender<()>,
    reports: mpsc::Receiver<&'static str>,
}

impl Hands {
    /// Lets ten bytes through, and waits until the server asks for the next ones.
    fn flow(&mut self) {
        self.go.send(()).unwrap();
        assert_eq!(self.reports.recv().unwrap(), "waits");
    }
}

/// Requests a stream, waits until the server waits for its first bytes, then runs the client's
/// script.
fn play(script: impl FnOnce(Hands) -> ScriptedPeer + Send) -> (Result<Ended>, Vec<wire::Frame>) {
    let (mut peer, transport) = ScriptedPeer::new();
    let (handler, reports, go) = gated();
    thread::scope(|scope| {
        let client = scope.spawn(move || {
            peer.send(&[wire::opening("flow", 3, 4), wire::data("null")].concat());
            assert_eq!(reports.recv().unwrap(), "waits");
            script(Hands { peer, go, reports })
        });
        let ended = serve_connection(transport, handler);
        (ended, wire::frames(&client.join().unwrap().received))
    })
}

fn kinds(frames: &[wire::Frame]) -> Vec<u8> {
    frames.iter().map(|frame| frame.kind).collect()
}

fn close(mut peer: ScriptedPeer) -> ScriptedPeer {
    peer.send(&[wire::close_request(), wire::reset()].concat());
    peer.await_end();
    peer
}

#[test]
fn a_cancel_stops_the_stream_in_place_of_its_next_frame() {
    watchdog(|| {
        for before in 0..3 {
            let (ended, frames) = play(|mut hands| {
                for _ in 0..before {
                    hands.flow();
                }
                hands.peer.send(&wire::trailer(2, "enough"));
                // the source yields its next ten bytes, which are no longer sent
                hands.go.send(()).unwrap();
                assert_eq!(hands.reports.recv().unwrap(), "dropped");
                hands.peer.send(&[wire::opening("echo", 3, 3), wire::data(r#""next""#)].concat());
                close(hands.peer)
            });
            assert_eq!(ended.unwrap(), Ended::Closed);
            let (data, rest) = frames[1..].split_at(before);
            assert_eq!(kinds(data), vec![DATA; before]);
            assert_eq!(kinds(rest), [TRAILER, HEADER, DATA, HEADER, RESET]);
            let said: Value = serde_json::from_slice(&rest[0].payload).unwrap();
            assert_eq!((rest[0].last, &said["Error"]), (true, &json!(2)));
            assert_eq!(rest[2].payload, br#""next""#);
        }
    });
}

#[test]
fn a_pipelined_request_is_not_a_cancel() {
    watchdog(|| {
        let (ended, frames) = play(|mut hands| {
            hands.peer.send(&[wire::opening("echo", 3, 3), wire::data(r#""next""#)].concat());
            hands.flow();
            hands.flow();
            drop(hands.go);
            close(hands.peer)
        });
        assert_eq!(ended.unwrap(), Ended::Closed);
        assert_eq!(kinds(&frames), [HEADER, DATA, DATA, DATA, HEADER, DATA, HEADER, RESET]);
        assert!(frames[3].last && frames[3].payload.is_empty(), "the stream has ended by itself");
    });
}

#[test]
fn the_end_of_the_clients_direction_is_not_a_cancel() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let (handler, reports, go) = gated();
        thread::scope(|scope| {
            // this client's direction ends before the stream begins
            let server = scope.spawn(move || serve_connection(HalfClosed(transport), handler));
            peer.send(&[wire::opening("flow", 3, 4), wire::data("null")].concat());
            for _ in 0..3 {
                assert_eq!(reports.recv().unwrap(), "waits");
                go.send(()).unwrap();
            }
            drop(go);
            peer.await_end();
            assert_eq!(server.join().unwrap().unwrap(), Ended::HungUp);
            assert_eq!(peer.kinds(), [HEADER, DATA, DATA, DATA, DATA]);
        });
    });
}

#[test]
fn a_reset_stops_the_stream_and_is_answered_with_nothing() {
    watchdog(|| {
        let (ended, frames) = play(|mut hands| {
            hands.flow();
            hands.peer.send(&wire::reset());
            hands.go.send(()).unwrap();
            assert_eq!(hands.reports.recv().unwrap(), "dropped");
            hands.peer.await_end();
            hands.peer
        });
        assert!(matches!(ended, Err(Error::Transport { .. })), "{ended:?}");
        assert_eq!(kinds(&frames), [HEADER, DATA]);
    });
}

#[test]
fn a_cancel_that_is_malformed_is_answered_with_a_reset() {
    watchdog(|| {
        for cancel in [wire::trailer(1, "fine"), wire::frame(TRAILER, true, b"[]"), wire::frame(TRAILER, false, b"{}")]
        {
            let (ended, frames) = play(|mut hands| {
                hands.peer.send(&cancel);
                hands.go.send(()).unwrap();
                assert_eq!(hands.reports.recv().unwrap(), "dropped");
                hands.peer.await_reset();
                hands.peer
            });
            assert!(matches!(ended, Err(Error::Protocol { .. })), "{ended:?}");
            assert_eq!(kinds(&frames), [HEADER, RESET]);
        }
    });
}

#[test]
fn a_trailer_of_revision_0_is_not_a_cancel() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let (handler, reports, go) = gated();
        thread::scope(|scope| {
            let server = scope.spawn(move || serve_connection(transport, handler));
            peer.send(&[wire::request("flow", 4, "null"), wire::trailer(2, "enough")].concat());
            for _ in 0..2 {
                assert_eq!(reports.recv().unwrap(), "waits");
                go.send(()).unwrap();
            }
            drop(go);
            peer.await_reset();
            assert_eq!(peer.kinds(), [HEADER, DATA, DATA, DATA, RESET]);
            drop(peer);
            assert!(matches!(server.join().unwrap(), Err(Error::Protocol { .. })));
        });
    });
}

use half_closed::HalfClosed;

/// A transport whose incoming direction ends after the first request.
mod half_closed {
    use std::io;
    use std::time::Instant;

    use rpc_core::Transport;
    use rpc_core::transport::{MemoryStream, Parts, ReadHalf};

    pub(super) struct HalfClosed(pub(super) MemoryStream);

    struct Once(Box<dyn ReadHalf>, bool);

    impl Transport for HalfClosed {
        fn into_parts(self) -> io::Result<Parts> {
            let parts = self.0.into_parts()?;
            Ok(Parts { reader: Box::new(Once(parts.reader, false)), ..parts })
        }
    }

    impl ReadHalf for Once {
        fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
            // the script sends its request in one piece
            if std::mem::replace(&mut self.1, true) { Ok(0) } else { self.0.read(buf, until) }
        }

        fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.1 { Ok(0) } else { self.0.try_read(buf) }
        }
    }
}
