//! Requests with a stream: nothing ran, however much of the stream was sent.

use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;

use rpc_core::{Client, Error, Result};
use rpc_tests::{PieceSize, Piecewise, ScriptedPeer, watchdog, wire};
use serde_json::Value;
use wire::{DATA, HEADER};

use crate::script::{Broken, Gated, Scripted, answer, assert_never_ran, assert_refused, refusal};

/// How often the source gives ten bytes before the refusal, and whether it gives more after it.
struct When {
    pieces: usize,
    more: bool,
}

/// Makes an upload on a connection that has served this many calls; the server refuses it. Returns
/// its result, and the types of the frames that the server has read of it.
fn upload(calls: usize, when: When) -> (Result<Value>, Vec<u8>) {
    let (mut peer, transport) = ScriptedPeer::new();
    let (go, gate) = mpsc::channel();
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            answer(&mut peer, calls);
            let before = peer.kinds().len();
            for _ in 0..when.pieces {
                go.send(()).unwrap();
            }
            peer.await_frames(|frames| frames.len() > before + when.pieces);
            peer.send(&refusal());
            if when.more {
                go.send(()).unwrap();
            }
            drop(go);
            peer.await_end();
            peer.kinds().split_off(before)
        });
        let client = Client::from_transport(transport).unwrap();
        for _ in 0..calls {
            client.call("first").with(&()).json::<u8>().unwrap();
        }
        let outcome = client.call("upload").with_octets(Gated(gate)).json();
        assert!(matches!(client.call("x").with(&()).json::<u8>(), Err(Error::Misuse(_))), "it is closed");
        drop(client);
        (outcome, server.join().unwrap())
    })
}

#[test]
fn an_upload_stops_wherever_it_is_and_no_trailer_follows() {
    watchdog(|| {
        for calls in [0, 1] {
            for pieces in [0, 1, 3] {
                for more in [false, true] {
                    let (outcome, kinds) = upload(calls, When { pieces, more });
                    assert_refused(outcome);
                    assert_eq!(kinds, [&[HEADER][..], &vec![DATA; pieces]].concat());
                }
            }
        }
    });
}

#[test]
fn a_refusal_behind_the_whole_upload_is_the_same() {
    watchdog(|| {
        let servers = Scripted::new(vec![Box::new(|peer| {
            peer.await_frames(|frames| frames.last().is_some_and(|frame| frame.kind == DATA && frame.last));
            peer.send(&refusal());
            peer.await_end();
        })]);
        assert_refused(servers.client.call("upload").with_octets(&b"all of it"[..]).json::<Value>());
    });
}

#[test]
fn a_refusal_that_comes_byte_by_byte_is_the_same() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                peer.await_frames(|frames| frames.len() > 1);
                peer.send(&refusal());
                peer.await_end();
            });
            let client = Client::from_transport(Piecewise(transport, PieceSize::Fixed(1))).unwrap();
            assert_refused(client.call("upload").with_octets(io::repeat(7)).json::<Value>());
        });
    });
}

/// The source fails first, and the server, which gets the Trailer, refuses. The caller hears of its
/// own source, and that nothing ran.
#[test]
fn a_source_that_fails_before_the_refusal_fails_a_call_that_never_ran() {
    watchdog(|| {
        let servers = Scripted::new(vec![Box::new(|peer| {
            answer(peer, 1);
            peer.await_frames(|frames| frames.iter().any(|frame| frame.kind == wire::TRAILER));
            peer.send(&refusal());
            peer.await_end();
        })]);
        assert_eq!(servers.call().unwrap(), 2);
        let source = (&b"half"[..]).chain(Broken);
        let error = servers.client.call("upload").with_octets(source).json::<Value>().unwrap_err();
        assert!(matches!(&error, Error::Source { error, .. } if error.to_string() == "no more"), "{error:?}");
        assert_never_ran(&error);
    });
}
