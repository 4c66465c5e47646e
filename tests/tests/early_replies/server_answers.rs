//! What a server writes when its handler answers before the end of the request, frame by frame.

use std::thread;

use rpc_core::{Ended, Result, ServerConfig, serve_connection};
use rpc_tests::{ScriptedPeer, serve_bytes, watchdog, wire};
use wire::{DATA, HEADER, RESET};

use crate::service::Gate;

/// Runs a client's script against the server, to its end.
fn play(script: impl FnOnce(&mut ScriptedPeer) + Send) -> (Result<Ended>, ScriptedPeer) {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        let client = scope.spawn(move || {
            script(&mut peer);
            peer.send(&[wire::close_request(), wire::reset()].concat());
            peer.await_end();
            peer
        });
        let ended = serve_connection(transport, Gate);
        (ended, client.join().unwrap())
    })
}

fn text(frame: &wire::Frame) -> &str {
    std::str::from_utf8(&frame.payload).unwrap()
}

#[test]
fn a_refusal_comes_before_the_end_of_the_request() {
    watchdog(|| {
        // what has arrived of the request when its handler answers: nothing, an empty frame, a
        // frame, a part of one
        for begun in [vec![], wire::more(""), wire::more("abc"), wire::frame(DATA, false, &[7; 100])[..50].to_vec()] {
            let (ended, peer) = play(|peer| {
                peer.send(&[wire::opening("fail 0", 4, 3), begun.clone()].concat());
                assert!(peer.await_frames(|frames| !frames.is_empty()), "the reply does not wait for the request");
                let rest = if begun.len() == 50 { vec![7; 56] } else { vec![] };
                peer.send(&[rest, wire::more("more"), wire::trailer(2, "stopped")].concat());
                peer.send(&[wire::opening("echo", 3, 3), wire::data(r#""next""#)].concat());
                peer.await_frames(|frames| frames.len() >= 3);
            });
            assert_eq!(ended.unwrap(), Ended::Closed);
            assert_eq!(peer.kinds(), [HEADER, HEADER, DATA, HEADER, RESET], "{} bytes had arrived", begun.len());
            let frames = wire::frames(&peer.received);
            assert!(text(&frames[0]).contains(r#""Error":4,"ErrorMessage":"full at 0""#), "{}", text(&frames[0]));
            assert_eq!(text(&frames[2]), r#""next""#);
        }
    });
}

#[test]
fn an_ok_comes_before_the_end_of_the_request_and_its_body_after_it() {
    watchdog(|| {
        for end in [wire::trailer(2, "stopped"), wire::data("the whole of it")] {
            let (ended, peer) = play(|peer| {
                peer.send(&[wire::opening("satisfied 3", 4, 3), wire::more([0, 1, 2])].concat());
                assert!(peer.await_frames(|frames| !frames.is_empty()), "the header does not wait for the request");
                peer.send(&end);
                peer.await_frames(|frames| frames.len() >= 2);
                peer.send(&[wire::opening("echo", 3, 3), wire::data(r#""next""#)].concat());
                peer.await_frames(|frames| frames.len() >= 4);
            });
            assert_eq!(ended.unwrap(), Ended::Closed);
            assert_eq!(peer.kinds(), [HEADER, DATA, HEADER, DATA, HEADER, RESET]);
            assert_eq!(text(&wire::frames(&peer.received)[1]), r#""enough at 3""#);
        }
    });
}

#[test]
fn a_client_that_does_not_stop_gets_its_reply_and_the_connection_ends() {
    watchdog(|| {
        let flood = wire::more(vec![7; 1 << 20]).repeat(18);
        for (endpoint, kinds) in [("fail 0", &[HEADER, RESET][..]), ("satisfied 0", &[HEADER, DATA, RESET])] {
            for revision in [0, 1] {
                let header = format!(r#"{{"Endpoint":"{endpoint}","DataType":4,"Accept":3,"Revision":{revision}}}"#);
                let client = [wire::header(&header), flood.clone()].concat();
                let (ended, sent) = serve_bytes(&client, Gate, ServerConfig::default(), |transport| transport);
                assert_eq!(ended.unwrap(), Ended::GivenUp, "{endpoint}");
                let found: Vec<u8> = wire::frames(&sent).iter().map(|frame| frame.kind).collect();
                assert_eq!(found, kinds, "{endpoint}");
            }
        }
    });
}

#[test]
fn a_request_of_revision_0_is_read_to_its_end() {
    watchdog(|| {
        let (ended, peer) = play(|peer| {
            peer.send(&wire::header(r#"{"Endpoint":"fail 0","DataType":4,"Accept":3}"#));
            peer.await_frames(|frames| !frames.is_empty());
            peer.send(&[wire::more("abc"), wire::data("")].concat());
            peer.send(&wire::request("echo", 3, r#""next""#));
            peer.await_frames(|frames| frames.len() >= 3);
        });
        assert_eq!(ended.unwrap(), Ended::Closed);
        assert_eq!(peer.kinds(), [HEADER, HEADER, DATA, HEADER, RESET]);
    });
}
