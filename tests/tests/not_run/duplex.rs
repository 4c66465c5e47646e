//! Octets both ways.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use rpc_core::Client;
use rpc_tests::{ScriptedPeer, watchdog, wire};
use wire::{DATA, HEADER};

use crate::script::{Broken, Gated, Scripted, answer, assert_never_ran, assert_refused, refusal};

#[test]
fn it_ends_the_call_wherever_it_is_and_no_trailer_follows() {
    watchdog(|| {
        for calls in [0, 1] {
            for pieces in [0, 2] {
                let (mut peer, transport) = ScriptedPeer::new();
                let (go, gate) = mpsc::channel();
                let kinds = thread::scope(|scope| {
                    let server = scope.spawn(move || {
                        answer(&mut peer, calls);
                        let before = peer.kinds().len();
                        for _ in 0..pieces {
                            go.send(()).unwrap();
                        }
                        peer.await_frames(|frames| frames.len() > before + pieces);
                        peer.send(&refusal());
                        go.send(()).unwrap();
                        drop(go);
                        peer.await_end();
                        peer.kinds().split_off(before)
                    });
                    let client = Client::from_transport(transport).unwrap();
                    for _ in 0..calls {
                        client.call("first").with(&()).json::<u8>().unwrap();
                    }
                    assert_refused(client.call("filter").with_octets(Gated(gate)).octets());
                    drop(client);
                    server.join().unwrap()
                });
                // the source may have been asked for one more piece before the reply was there
                let most = [&[HEADER][..], &vec![DATA; pieces + 1]].concat();
                assert!(kinds == most || kinds == most[..=pieces], "{kinds:?}");
            }
        }
    });
}

/// The server reads nothing, so a part of a frame stays unsent: nobody waits to complete it.
#[test]
fn a_frame_on_its_way_is_given_up() {
    watchdog(|| {
        for helpers in [false, true] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut far, _) = listener.accept().unwrap();
            thread::scope(|scope| {
                let refused = scope.spawn(move || {
                    // a pair of halves cannot wait for both directions by itself
                    let client = match helpers {
                        true => Client::from_transport((near.try_clone().unwrap(), near)),
                        false => Client::from_transport(near),
                    };
                    assert_refused(client.unwrap().call("filter").with_octets(io::repeat(7)).octets());
                });
                far.read_exact(&mut [0; 100]).unwrap();
                far.write_all(&refusal()).unwrap();
                refused.join().unwrap();
            });
        }
    });
}

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
        let error = servers.client.call("filter").with_octets(source).octets().err().unwrap();
        assert!(error.to_string().contains("no more"), "{error:?}");
        assert_never_ran(&error);
    });
}
