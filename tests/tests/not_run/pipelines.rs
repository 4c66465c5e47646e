//! Pipelined calls: the refusal is about the connection, so it is that of each call in flight.

use rpc_core::{Error, Session};
use rpc_tests::{ScriptedPeer, watchdog, wire};

use crate::script::{Scripted, answers, answers_then, assert_never_ran, assert_refused, refusal, refuses};

/// Answers this many calls, and the next with these bytes, once some more have been sent.
fn outcomes(answered: usize, last: Vec<u8>) -> Vec<rpc_core::Result<u8>> {
    let servers = Scripted::new(vec![
        Box::new(move |peer: &mut ScriptedPeer| {
            peer.await_requests(answered + 3);
            let replies = [wire::ok(3), wire::data("2")].concat().repeat(answered);
            peer.send(&[replies, last].concat());
            peer.await_end();
        }),
        answers(1),
    ]);
    let outcomes: Vec<_> = servers.client.pipeline::<_, u8>("x", 0..1_000_000).unwrap().collect();
    assert!(outcomes.len() < 10_000, "no argument is consumed after the refusal");
    assert!(outcomes.len() >= answered + 3);
    assert_eq!(servers.call().unwrap(), 2, "on another connection");
    outcomes
}

#[test]
fn each_call_in_flight_gets_the_refusal() {
    watchdog(|| {
        for answered in [0, 2] {
            let mut outcomes = outcomes(answered, refusal());
            for outcome in outcomes.drain(..answered) {
                assert_eq!(outcome.unwrap(), 2);
            }
            outcomes.into_iter().for_each(assert_refused);
        }
    });
}

/// Those behind the first were said to be lost.
#[test]
fn behind_a_reset_in_place_of_a_reply_no_call_ran() {
    watchdog(|| {
        for outcome in outcomes(0, wire::reset()) {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::Transport { .. }), "{error:?}");
            assert_never_ran(&error);
        }
    });
}

#[test]
fn a_call_that_cannot_be_sent_keeps_its_own_error() {
    watchdog(|| {
        let servers = Scripted::new(vec![refuses()]);
        let too_large = "x".repeat(9 << 20);
        let mut outcomes = servers.client.pipeline::<_, u8>("x", ["a", &too_large]).unwrap();
        assert_refused(outcomes.next().unwrap());
        assert!(matches!(outcomes.next(), Some(Err(Error::Limit { .. }))));
    });
}

#[test]
fn dropping_it_early_leaves_nothing_behind() {
    watchdog(|| {
        let servers = Scripted::new(vec![answers_then(0, refusal()), answers(1)]);
        let mut outcomes = servers.client.pipeline::<_, u8>("x", 0..100).unwrap();
        assert_refused(outcomes.next().unwrap());
        drop(outcomes);
        assert_eq!(servers.call().unwrap(), 2);
    });
}

#[test]
fn a_sessions_pipeline_is_refused_as_well() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let server = std::thread::spawn(move || refuses()(&mut peer));
        let mut session = Session::from_transport(transport).unwrap();
        session.pipeline::<_, u8>("x", 0..10).unwrap().for_each(assert_refused);
        drop(session);
        server.join().unwrap();
    });
}
