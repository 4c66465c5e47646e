//! Calls of several threads on one connection: each in flight gets the refusal, and those in the
//! queue get another connection.

use std::thread;

use rpc_core::{Client, ClientConfig, Error, Misuse, Result};
use rpc_tests::{ScriptedPeer, watchdog, wire};

use crate::script::{Script, Scripted, answer, assert_refused, refusal};

/// The size of an argument of which this many calls fill the window, so that further ones wait in
/// the queue.
const FILLING: usize = 4000;

/// How many calls fill the window.
const OUT: usize = 8;

fn sharing() -> ClientConfig {
    ClientConfig::default().shared_connections(1)
}

fn small(client: &Client) -> Result<u8> {
    client.call("x").with(&1).json()
}

fn large(client: &Client) -> Result<u8> {
    client.call("x").with(&"x".repeat(FILLING)).json()
}

/// Makes this many calls at once.
fn at_once(client: &Client, callers: usize, call: fn(&Client) -> Result<u8>) -> Vec<Result<u8>> {
    thread::scope(|scope| {
        let calls: Vec<_> = (0..callers).map(|_| scope.spawn(move || call(client))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

/// Refuses the connection once this many requests have come.
fn refuses_behind(requests: usize) -> Script {
    Box::new(move |peer| {
        peer.await_requests(requests);
        peer.send(&refusal());
        peer.await_end();
    })
}

/// Answers each call with 2.
fn answers_all() -> Script {
    Box::new(|peer| {
        let mut answered = 0;
        while peer.await_requests(answered + 1) {
            answered += 1;
            peer.send(&[wire::ok(3), wire::data("2")].concat());
        }
    })
}

#[test]
fn each_call_in_flight_gets_the_refusal() {
    watchdog(|| {
        let servers = Scripted::with(sharing(), vec![refuses_behind(5), answers_all()]);
        at_once(&servers.client, 5, small).into_iter().for_each(assert_refused);
        assert_eq!(servers.opened(), 1, "none was repeated");
        assert_eq!(small(&servers.client).unwrap(), 2);
    });
}

#[test]
fn queued_calls_get_another_connection() {
    watchdog(|| {
        let servers = Scripted::with(sharing(), vec![refuses_behind(OUT), answers_all()]);
        let outcomes = at_once(&servers.client, OUT + 4, large);
        let (answered, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((answered.len(), refused.len(), servers.opened()), (4, OUT, 2));
        refused.into_iter().for_each(assert_refused);
    });
}

/// Calls in flight on a stale connection are repeated when it ends by a Reset. A refusal is for the
/// caller to hear.
#[test]
fn no_call_is_repeated_on_a_connection_that_has_served_others() {
    watchdog(|| {
        let script: Script = Box::new(|peer| {
            answer(peer, 1);
            peer.await_requests(6);
            peer.send(&refusal());
            peer.await_end();
        });
        let servers = Scripted::with(sharing(), vec![script, answers_all()]);
        assert_eq!(small(&servers.client).unwrap(), 2);
        at_once(&servers.client, 5, small).into_iter().for_each(assert_refused);
        assert_eq!(servers.opened(), 1);
        assert_eq!(small(&servers.client).unwrap(), 2);
    });
}

#[test]
fn the_only_connection_is_closed() {
    watchdog(|| {
        let (mut peer, near) = ScriptedPeer::new();
        let server = thread::spawn(move || refuses_behind(OUT)(&mut peer));
        let client = Client::from_transport_with(near, sharing()).unwrap();
        let outcomes = at_once(&client, OUT + 4, large);
        let (closed, refused): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|outcome| matches!(outcome, Err(Error::Misuse(Misuse::Closed))));
        assert_eq!((closed.len(), refused.len()), (4, OUT));
        refused.into_iter().for_each(assert_refused);
        server.join().unwrap();
    });
}
