//! Servers that break the rules on a shared connection: each call gets a typed error, and the
//! connection is closed.

use std::sync::mpsc;
use std::thread;

use rpc_core::{Client, Error, Result};
use rpc_tests::{ScriptedPeer, watchdog, wire};

use crate::gate::sharing;
use crate::script::{Script, Scripted, answer, number, replies};

const CALLERS: usize = 6;

/// Makes some calls at once, which these bytes answer; returns how they ended. The next server
/// behaves.
fn answered_by(bytes: Vec<u8>) -> Vec<Result<u32>> {
    let (on_end, ended) = mpsc::channel();
    let servers = Scripted::new(
        sharing(1),
        vec![
            Box::new(move |peer| {
                peer.await_requests(CALLERS);
                peer.send(&bytes);
                peer.await_end();
                on_end.send(()).unwrap();
            }),
            Box::new(|peer| _ = answer(peer, 1)),
        ],
    );
    let outcomes = thread::scope(|scope| {
        let calls: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| number(&servers.client, 1))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(number(&servers.client, 5).unwrap(), 5, "the next call gets another connection");
    ended.recv().unwrap();
    outcomes
}

#[test]
fn a_reply_that_breaks_the_protocol_ends_the_connection() {
    watchdog(|| {
        let broken = [
            wire::data("1"),
            wire::ok(4),
            wire::header("{}"),
            wire::header("null"),
            wire::frame(9, true, b""),
            wire::trailer(2, "no"),
            wire::header(&"x".repeat(5000)),
        ];
        for bytes in broken {
            let outcomes = answered_by([replies(&[1]), bytes].concat());
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
            let errors: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
            assert!(errors.iter().all(|error| !error.never_ran() && !error.connection_usable()), "{errors:?}");
            let broken = errors.iter().filter(|error| matches!(error, Error::Protocol { .. })).count();
            assert_eq!(broken, 1, "the others' replies are lost with the connection: {errors:?}");
        }
    });
}

#[test]
fn unrequested_replies_are_not_taken_for_later_ones() {
    watchdog(|| {
        let outcomes = answered_by(replies(&[1; CALLERS + 3]));
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    });
}

#[test]
fn a_cut_reply_is_an_error() {
    watchdog(|| {
        let whole = replies(&[1]);
        for cut in 1..whole.len() {
            let bytes = [replies(&[1, 1]), whole[..cut].to_vec()].concat();
            let servers = Scripted::new(
                sharing(1),
                vec![Box::new(move |peer| {
                    peer.await_requests(CALLERS);
                    peer.send(&bytes);
                })],
            );
            let outcomes: Vec<_> = thread::scope(|scope| {
                let calls: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| number(&servers.client, 1))).collect();
                calls.into_iter().map(|call| call.join().unwrap()).collect()
            });
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2, "cut at {cut}");
            let errors: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
            assert!(errors.iter().all(|error| matches!(error, Error::Transport { .. }) && !error.never_ran()));
        }
    });
}

/// The size of an argument of which eight calls fill the limit on unanswered requests, so that
/// further ones wait in the queue.
const FILLING: usize = 4000;

/// The number of unanswered calls when the limit is reached.
const OUT: usize = 8;

/// Makes a call with a large argument that contains its number.
fn large(client: &Client, number: usize) -> Result<usize> {
    client.call("number").with(&format!("{number:FILLING$}")).json()
}

/// Returns the numbers of the large calls that have arrived.
fn large_numbers(peer: &ScriptedPeer) -> Vec<usize> {
    let bodies = wire::messages(&peer.received).into_iter().filter(|message| message.kind == wire::DATA);
    let texts = bodies.map(|body| serde_json::from_slice::<String>(&body.payload).unwrap());
    texts.map(|text| text.trim().parse().unwrap()).collect()
}

/// Answers the calls that fill the limit, and adds a reply with a number that no call has, all in
/// one write.
fn answer_once_too_often(peer: &mut ScriptedPeer) {
    peer.await_requests(OUT);
    let replies = large_numbers(peer).into_iter().take(OUT).chain([999]);
    peer.send(&replies.flat_map(|number| [wire::ok(3), wire::data(number.to_string())].concat()).collect::<Vec<_>>());
    peer.await_end();
}

/// An unrequested reply was given, as `Ok`, to a call that was in the queue when it arrived,
/// because the queue was sent before the remaining bytes were checked.
#[test]
fn an_unrequested_reply_is_not_given_to_a_call_sent_later() {
    watchdog(|| {
        let rest: Script = Box::new(|peer| {
            let mut answered = 0;
            while peer.await_requests(answered + 1) {
                let number = large_numbers(peer)[answered];
                peer.send(&[wire::ok(3), wire::data(number.to_string())].concat());
                answered += 1;
            }
        });
        let servers = Scripted::new(sharing(1), vec![Box::new(answer_once_too_often), rest]);
        thread::scope(|scope| {
            for caller in 0..OUT + 4 {
                let client = &servers.client;
                scope.spawn(move || assert_eq!(large(client, caller).unwrap(), caller));
            }
        });
        assert_eq!(servers.opened(), 2);
    });
}

#[test]
fn an_unrequested_reply_on_the_only_connection_fails_later_calls() {
    watchdog(|| {
        let (mut peer, near) = ScriptedPeer::new();
        let server = thread::spawn(move || answer_once_too_often(&mut peer));
        let client = Client::from_transport_with(near, sharing(1)).unwrap();
        let outcomes: Vec<_> = thread::scope(|scope| {
            let calls: Vec<_> = (0..OUT + 4)
                .map(|caller| {
                    (
                        caller,
                        scope.spawn({
                            let client = &client;
                            move || large(client, caller)
                        }),
                    )
                })
                .collect();
            calls.into_iter().map(|(caller, call)| (caller, call.join().unwrap())).collect()
        });
        assert!(outcomes.iter().all(|(caller, outcome)| outcome.as_ref().map_or(true, |number| number == caller)));
        let errors: Vec<_> = outcomes.into_iter().filter_map(|(_, outcome)| outcome.err()).collect();
        assert!(errors.len() == 4 && errors.iter().all(Error::never_ran), "{errors:?}");
        server.join().unwrap();
    });
}
