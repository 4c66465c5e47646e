//! Idle connections are checked before they are used.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::Client;
use rpc_tests::{OriginalServer, Reference, TransportKind, watchdog, wire};
use serde_json::{Value, json};

use crate::script::{Scripted, answer, answers};

#[test]
fn one_that_the_server_has_closed_is_replaced() {
    watchdog(|| {
        let servers = Scripted::new((1..=5).map(|number| answers(1, number)).collect());
        for number in 1..=5 {
            assert_eq!(servers.call().unwrap(), number);
            servers.await_close();
        }
        assert_eq!(servers.opened(), 5);
    });
}

#[test]
fn one_with_unrequested_bytes_is_replaced() {
    watchdog(|| {
        for unasked in [wire::reset(), wire::ok_json("9"), wire::trailer(4, "x"), vec![0x77], wire::data("")] {
            let bytes = unasked.clone();
            let servers = Scripted::new(vec![
                Box::new(move |peer| {
                    answer(peer, 1, 1);
                    peer.send(&bytes);
                }),
                answers(1, 2),
            ]);
            assert_eq!(servers.call().unwrap(), 1);
            servers.await_close();
            // a connection that was busy a moment ago is not looked at: let it become an idle one
            let (_nobody, never) = mpsc::channel::<()>();
            _ = never.recv_timeout(Duration::from_millis(50));
            assert_eq!(servers.call().unwrap(), 2, "after {unasked:?}");
            assert_eq!(servers.opened(), 2);
        }
    });
}

#[test]
fn a_good_one_is_used_again() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (client, connections) = transport.serve(OriginalServer::new(Reference));
            for number in 0..20 {
                assert_eq!(client.call("Echo").with(&number).json::<u8>().unwrap(), number);
            }
            assert_eq!(connections.count(), 1);
        }
    });
}

/// Opens two streams at once, so that the pool has two connections; the first one's is used next.
fn two_idle(client: &Client) {
    let [first, second] = [(), ()].map(|()| client.call("x").with(&()).octets().unwrap());
    drop(second);
    drop(first);
}

/// A call whose connection is lost takes a fresh one. Doing so closed another idle connection.
#[test]
fn replacing_one_leaves_the_others_alone() {
    watchdog(|| {
        let stream = [wire::ok(4), wire::data("abc")].concat();
        let (goes, stays) = (stream.clone(), stream);
        let met = Arc::new(Barrier::new(2));
        let meet = Arc::clone(&met);
        let servers = Scripted::unseen(vec![
            Box::new(move |peer| {
                peer.await_requests(1);
                peer.send(&goes);
            }),
            Box::new(move |peer| {
                peer.await_requests(1);
                peer.send(&stays);
                peer.await_requests(2);
                met.wait();
                peer.send(&wire::ok_json("2"));
            }),
            Box::new(move |peer| {
                answer(peer, 1, 3);
                peer.await_requests(2);
                meet.wait();
                peer.send(&wire::ok_json("3"));
            }),
        ]);
        two_idle(&servers.client);
        servers.await_close();
        assert_eq!(servers.call().unwrap(), 3, "the first connection had ended");
        // two concurrent calls: on the new connection, and on the one that stayed idle
        let both = thread::scope(|scope| {
            let calls = [(), ()].map(|()| {
                let client = servers.client.clone();
                scope.spawn(move || client.call("x").with(&()).json::<u8>())
            });
            calls.map(|call| call.join().unwrap().unwrap())
        });
        assert!(both == [2, 3] || both == [3, 2], "{both:?}");
        assert_eq!(servers.opened(), 3);
    });
}

#[test]
fn values_and_streams_get_a_replacement_too() {
    watchdog(|| {
        let servers = Scripted::new(vec![
            answers(1, 1),
            Box::new(|peer| {
                peer.await_frames(|frames| frames.len() >= 3);
                peer.send(&[wire::ok(3), wire::data("[2]")].concat());
            }),
        ]);
        servers.call().unwrap();
        servers.await_close();
        let value: Value = servers.client.call("x").with_octets(&b"abc"[..]).json().unwrap();
        assert_eq!(value, json!([2]));
    });
}
