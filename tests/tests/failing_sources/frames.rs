//! What is sent, frame by frame, when a source on our side fails.

use std::thread;

use rpc_core::{Client, Ended, Error, Result, serve_connection};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::{Value, json};
use wire::{DATA, HEADER, RESET, TRAILER};

use crate::service::{Broken, FIRE, FIRST_FRAME, taps};

/// Runs a client's script against the server, to its end.
fn serve(client: &[u8]) -> (Result<Ended>, Vec<wire::Frame>) {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        let client = scope.spawn(move || {
            peer.send(client);
            peer.await_reset();
            peer.send(&wire::reset());
            peer
        });
        let ended = serve_connection(transport, taps().0);
        (ended, wire::frames(&client.join().unwrap().received))
    })
}

fn kinds(frames: &[wire::Frame]) -> Vec<u8> {
    frames.iter().map(|frame| frame.kind).collect()
}

fn json(frame: &wire::Frame) -> Value {
    serde_json::from_slice(&frame.payload).unwrap()
}

#[test]
fn the_servers_trailer_replaces_the_next_frame() {
    watchdog(|| {
        for (count, sizes) in
            [(0, vec![]), (1, vec![1]), (FIRST_FRAME, vec![FIRST_FRAME]), (FIRST_FRAME + 1, vec![FIRST_FRAME, 1])]
        {
            let request = [wire::opening(&format!("give {count}"), 3, 4), wire::data("null")].concat();
            let (ended, frames) = serve(&[request, wire::close_request()].concat());
            assert_eq!(ended.unwrap(), Ended::Closed);
            let (data, rest) = frames[1..].split_at(sizes.len());
            assert_eq!(json(&frames[0]), json!({"DataType": 4, "Error": 1, "Revision": 1}));
            assert!(data.iter().all(|frame| frame.kind == DATA && !frame.last));
            assert_eq!(data.iter().map(|frame| frame.payload.len()).collect::<Vec<_>>(), sizes);
            assert_eq!(kinds(rest), [TRAILER, HEADER, RESET]);
            assert!(rest[0].last);
            assert_eq!(json(&rest[0]), json!({"Error": 4, "ErrorMessage": FIRE}));
        }
    });
}

#[test]
fn after_json_it_ends_the_second_message() {
    watchdog(|| {
        let request = [wire::opening("open 3", 3, 5), wire::data("null")].concat();
        let (ended, frames) = serve(&[request, wire::close_request()].concat());
        assert_eq!(ended.unwrap(), Ended::Closed);
        assert_eq!(kinds(&frames), [HEADER, DATA, DATA, TRAILER, HEADER, RESET]);
        assert_eq!(frames.iter().map(|frame| frame.last).collect::<Vec<_>>(), [true, true, false, true, true, true]);
    });
}

#[test]
fn a_panic_says_who_is_at_fault() {
    watchdog(|| {
        let request = [wire::opening("panic 3", 3, 4), wire::data("null")].concat();
        let (ended, frames) = serve(&[request, wire::close_request()].concat());
        assert_eq!(ended.unwrap(), Ended::Closed);
        assert_eq!(kinds(&frames), [HEADER, DATA, TRAILER, HEADER, RESET]);
        assert_eq!(json(&frames[2]), json!({"Error": 3, "ErrorMessage": "the handler panicked"}));
    });
}

#[test]
fn a_client_of_revision_0_gets_a_reset() {
    watchdog(|| {
        for endpoint in ["give 3", "panic 3"] {
            let (ended, frames) = serve(&wire::request(endpoint, 4, "null"));
            assert_eq!(kinds(&frames), [HEADER, DATA, RESET], "{endpoint}");
            match endpoint {
                "give 3" => assert!(matches!(ended, Err(Error::Source { .. })), "{ended:?}"),
                _ => assert_eq!(ended.unwrap(), Ended::GivenUp),
            }
        }
    });
}

/// Makes an upload that fails after `count` bytes, either as the first call or after a first reply
/// with this header.
fn upload(count: usize, first_reply: Option<&[u8]>) -> (Error, Vec<wire::Frame>) {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let begun = if let Some(reply) = first_reply {
                peer.await_frames(|frames| frames.len() >= 2);
                peer.send(reply);
                2
            } else {
                0
            };
            let ends = |frame: &wire::Frame| [TRAILER, RESET].contains(&frame.kind);
            peer.await_frames(|frames| frames[begun.min(frames.len())..].iter().any(ends));
            peer.send(&wire::no(4, "that was all?"));
            peer.await_end();
            wire::frames(&peer.received)[begun..].to_vec()
        });
        let client = Client::from_transport(transport).unwrap();
        if first_reply.is_some() {
            client.call("first").with(&()).json::<Value>().unwrap();
        }
        let error = client.call("upload").with_octets(Broken::after(count)).json::<Value>().unwrap_err();
        drop(client);
        (error, server.join().unwrap())
    })
}

#[test]
fn the_clients_trailer_replaces_the_next_frame() {
    watchdog(|| {
        let revision_1 = [wire::ok(3), wire::data("1")].concat();
        for (count, sizes) in
            [(0, vec![]), (1, vec![1]), (FIRST_FRAME, vec![FIRST_FRAME]), (FIRST_FRAME + 1, vec![FIRST_FRAME, 1])]
        {
            let (error, frames) = upload(count, Some(&revision_1));
            assert!(matches!(error, Error::Source { .. }), "the source's own error, not the server's reply: {error:?}");
            assert!(error.connection_usable());
            let (data, rest) = frames[1..].split_at(sizes.len());
            assert!(data.iter().all(|frame| frame.kind == DATA && !frame.last));
            assert_eq!(data.iter().map(|frame| frame.payload.len()).collect::<Vec<_>>(), sizes);
            assert_eq!(kinds(rest), [TRAILER, HEADER], "the last is Close");
            assert_eq!(json(&rest[0]), json!({"Error": 4, "ErrorMessage": FIRE}));
        }
    });
}

#[test]
fn a_server_of_revision_0_or_an_unknown_one_gets_a_reset() {
    watchdog(|| {
        for first_reply in [None, Some(&wire::ok_json("1")[..])] {
            let (error, frames) = upload(FIRST_FRAME + 1, first_reply);
            assert!(matches!(error, Error::Source { .. }), "{error:?}");
            assert!(!error.connection_usable() && !error.never_ran());
            assert_eq!(kinds(&frames), [HEADER, DATA, DATA, RESET]);
        }
    });
}
