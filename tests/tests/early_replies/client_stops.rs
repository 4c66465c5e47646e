//! What a client writes when the reply comes before the end of its request, frame by frame.

use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;

use rpc_core::{Client, Error, Misuse, Result};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use wire::{DATA, HEADER, TRAILER};

/// A source that yields ten bytes for each message to its gate, and ends when the gate is dropped.
struct Gated(mpsc::Receiver<()>);

impl Read for Gated {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0.recv().is_err() {
            return Ok(0);
        }
        buf[..10].fill(7);
        Ok(10)
    }
}

/// Sends an upload of one frame. The server then answers `early`, and `late` after the client has
/// stopped or closed. A plain call follows. Returns the upload's result, the plain call's, and the
/// server's peer.
fn upload(early: &[u8], late: &[u8], more: bool) -> (Result<String>, Result<u8>, ScriptedPeer) {
    let (mut peer, transport) = ScriptedPeer::new();
    let (go, gate) = mpsc::channel();
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            go.send(()).unwrap();
            peer.await_frames(|frames| frames.len() >= 2);
            peer.send(early);
            // the reply arrives before the source yields ten bytes more, or its end
            if more {
                go.send(()).unwrap();
            }
            drop(go);
            if peer.await_frames(|frames| frames.len() >= 3) {
                peer.send(late);
                if peer.await_frames(|frames| frames.len() >= 5) {
                    peer.send(&wire::ok_json("2"));
                }
            }
            peer
        });
        let client = Client::from_transport(transport).unwrap();
        let outcome = client.call("upload").with_octets(Gated(gate)).json::<String>();
        let next = client.call("next").with(&()).json::<u8>();
        drop(client);
        (outcome, next, server.join().unwrap())
    })
}

#[test]
fn a_refusal_stops_the_request_in_place_of_its_next_frame() {
    watchdog(|| {
        for more in [true, false] {
            let (outcome, next, peer) = upload(&wire::no(4, "full"), &[], more);
            let error = outcome.unwrap_err();
            assert_eq!(error.remote().unwrap().message, "full");
            assert!(error.connection_usable());
            assert_eq!(next.unwrap(), 2);
            assert_eq!(peer.kinds()[..5], [HEADER, DATA, TRAILER, HEADER, DATA]);
            let trailer = &wire::frames(&peer.received)[2];
            assert!(trailer.last && trailer.payload.starts_with(br#"{"Error":2,"ErrorMessage":"#), "{trailer:?}");
        }
    });
}

#[test]
fn an_ok_stops_the_request_before_its_body_comes() {
    watchdog(|| {
        let (outcome, next, peer) = upload(&wire::ok(3), &wire::data(r#""enough""#), true);
        assert_eq!(outcome.unwrap(), "enough");
        assert_eq!(next.unwrap(), 2);
        assert_eq!(peer.kinds()[..5], [HEADER, DATA, TRAILER, HEADER, DATA]);
    });
}

#[test]
fn a_reply_that_has_arrived_whole_stops_the_request_too() {
    watchdog(|| {
        let whole = [wire::ok(3), wire::data(r#""enough""#)].concat();
        let (outcome, next, _) = upload(&whole, &[], true);
        assert_eq!((outcome.unwrap().as_str(), next.unwrap()), ("enough", 2));
    });
}

#[test]
fn a_trailer_in_place_of_the_replys_json_is_the_result() {
    watchdog(|| {
        let (outcome, next, _) = upload(&wire::ok(3), &wire::trailer(3, "changed my mind"), true);
        let error = outcome.unwrap_err();
        assert_eq!(error.remote().unwrap().message, "changed my mind");
        assert!(error.connection_usable());
        assert_eq!(next.unwrap(), 2);
    });
}

#[test]
fn towards_revision_0_the_reply_is_the_result_and_the_connection_is_closed() {
    watchdog(|| {
        let (outcome, next, peer) = upload(&wire::refusal(4, "full"), &[], true);
        let error = outcome.unwrap_err();
        assert_eq!(error.remote().unwrap().message, "full");
        assert!(!error.connection_usable());
        assert!(matches!(next, Err(Error::Misuse(Misuse::Closed))), "{next:?}");
        assert_eq!(peer.kinds(), [HEADER, DATA], "no Trailer for whoever does not know it");

        let (outcome, next, peer) = upload(&wire::ok_json(r#""enough""#), &[], true);
        assert_eq!(outcome.unwrap(), "enough");
        assert!(matches!(next, Err(Error::Misuse(Misuse::Closed))), "{next:?}");
        assert_eq!(peer.kinds(), [HEADER, DATA]);
    });
}

#[test]
fn a_reset_in_place_of_an_early_reply_means_that_it_never_ran() {
    watchdog(|| {
        let (outcome, _, peer) = upload(&wire::reset(), &[], true);
        let error = outcome.unwrap_err();
        assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
        assert_eq!(peer.kinds(), [HEADER, DATA]);
    });
}

#[test]
fn a_header_that_comes_in_halves_is_read_whole() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let (go, gate) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                go.send(()).unwrap();
                peer.await_frames(|frames| frames.len() >= 2);
                let reply = wire::no(4, "full");
                peer.send(&reply[..9]);
                go.send(()).unwrap();
                peer.send(&reply[9..]);
                peer.await_frames(|frames| frames.len() >= 3);
                assert_eq!(peer.kinds()[..3], [HEADER, DATA, TRAILER]);
                peer.await_end();
            });
            let client = Client::from_transport(transport).unwrap();
            let error = client.call("upload").with_octets(Gated(gate)).json::<()>().unwrap_err();
            assert_eq!(error.remote().unwrap().message, "full");
        });
    });
}
