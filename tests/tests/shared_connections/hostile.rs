//! Servers that break the rules on a shared connection: a typed error for each call, and the connection is closed.

use std::sync::mpsc;
use std::thread;

use rpc_core::Error;
use rpc_tests::{watchdog, wire};

use crate::gate::sharing;
use crate::script::{Scripted, answer, number, replies};

const CALLERS: usize = 6;

/// Makes some calls at once, which these bytes answer; returns how they ended, with a good server behind.
fn answered_by(bytes: Vec<u8>) -> Vec<rpc_core::Result<u32>> {
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
    assert_eq!(number(&servers.client, 5).unwrap(), 5, "the next call has another connection");
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
            let told = errors.iter().filter(|error| matches!(error, Error::Protocol { .. })).count();
            assert_eq!(told, 1, "the others' replies are lost with it: {errors:?}");
        }
    });
}

#[test]
fn replies_that_nobody_asked_for_are_not_taken_for_later_ones() {
    watchdog(|| {
        let outcomes = answered_by(replies(&[1; CALLERS + 3]));
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    });
}

#[test]
fn a_reply_that_is_cut_is_no_reply() {
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
