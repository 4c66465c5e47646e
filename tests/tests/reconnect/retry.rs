//! A call that certainly never ran is retried once on a fresh connection; one that may have run is
//! not.

use std::io::{self, Read};

use rpc_core::Error;
use rpc_tests::{watchdog, wire};

use crate::script::{Scripted, answer, answers, then};

#[test]
fn a_connection_that_ended_unnoticed_fails_no_call() {
    watchdog(|| {
        let servers = Scripted::unseen((1..=5).map(|number| answers(1, number)).collect());
        for number in 1..=5 {
            assert_eq!(servers.call().unwrap(), number);
            servers.await_close();
        }
        assert_eq!(servers.opened(), 5);
    });
}

#[test]
fn a_reset_in_place_of_a_reply_is_retried_once() {
    watchdog(|| {
        let servers = Scripted::new(vec![then(1, wire::reset()), answers(1, 2)]);
        assert_eq!(servers.call().unwrap(), 1);
        assert_eq!(servers.call().unwrap(), 2);

        let resets = || -> crate::script::Script {
            Box::new(|peer| {
                peer.await_requests(1);
                peer.send(&wire::reset());
            })
        };
        let servers = Scripted::new(vec![then(1, wire::reset()), resets(), answers(1, 3)]);
        assert_eq!(servers.call().unwrap(), 1);
        let error = servers.call().unwrap_err();
        assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
        assert_eq!(servers.opened(), 2, "one retry, not two");
        assert_eq!(servers.call().unwrap(), 3);
    });
}

#[test]
fn a_fresh_connection_that_fails_is_not_replaced() {
    watchdog(|| {
        let servers = Scripted::new(vec![
            Box::new(|peer| {
                peer.await_requests(1);
                peer.send(&wire::reset());
            }),
            answers(1, 2),
        ]);
        let error = servers.call().unwrap_err();
        assert!(error.never_ran(), "{error:?}");
        assert_eq!(servers.opened(), 1);
    });
}

#[test]
fn a_call_that_may_have_run_is_not_retried_and_its_error_says_so() {
    watchdog(|| {
        // after the request: nothing, the beginning of a reply, a reply that breaks the rules
        for bytes in [vec![], wire::ok(3)[..9].to_vec(), wire::ok(3), wire::ok(4), wire::data("1"), vec![0x77; 6]] {
            let servers = Scripted::new(vec![then(1, bytes), answers(1, 2)]);
            assert_eq!(servers.call().unwrap(), 1);
            let error = servers.call().unwrap_err();
            assert!(!error.never_ran() && !error.connection_usable(), "{error:?}");
            assert_eq!(servers.opened(), 1);
            assert_eq!(servers.call().unwrap(), 2, "the next call has a new connection");
        }
    });
}

#[test]
fn an_answer_is_never_retried() {
    watchdog(|| {
        let servers = Scripted::new(vec![then(1, wire::no(2, "unknown")), answers(1, 2)]);
        servers.call().unwrap();
        assert!(matches!(servers.call(), Err(Error::Remote(_))));
        assert_eq!(servers.opened(), 1);
    });
}

/// Counts the reads.
struct Counted<'a>(&'a [u8], &'a mut usize);

impl Read for Counted<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        *self.1 += 1;
        self.0.read(buf)
    }
}

#[test]
fn a_stream_that_was_read_is_not_sent_again() {
    watchdog(|| {
        let servers = Scripted::new(vec![
            Box::new(|peer| {
                answer(peer, 1, 1);
                peer.await_frames(|frames| frames.len() >= 3);
                peer.send(&wire::reset());
                peer.await_end();
            }),
            answers(1, 2),
        ]);
        servers.call().unwrap();
        let mut reads = 0;
        let outcome = servers.client.call("x").with_octets(Counted(b"abc", &mut reads)).json::<u8>();
        let error = outcome.unwrap_err();
        assert!(reads > 0 && error.never_ran(), "the call never ran, but the bytes are consumed: {error:?}");
        assert_eq!(servers.opened(), 1);
    });
}

#[test]
fn a_stream_that_was_not_read_is_sent_on_a_fresh_connection() {
    watchdog(|| {
        let servers = Scripted::unseen(vec![
            answers(1, 1),
            Box::new(|peer| {
                peer.await_frames(|frames| frames.len() >= 3);
                let sent = &wire::frames(&peer.received)[1].payload;
                assert_eq!(sent, b"abc");
                peer.send(&[wire::ok(3), wire::data("2")].concat());
            }),
        ]);
        servers.call().unwrap();
        servers.await_close();
        let mut reads = 0;
        let answer: u8 = servers.client.call("x").with_octets(Counted(b"abc", &mut reads)).json().unwrap();
        assert_eq!((answer, reads), (2, 2), "one read for the bytes, one for their end");
    });
}

#[test]
fn octets_both_ways_are_sent_on_a_fresh_connection_too() {
    watchdog(|| {
        let servers = Scripted::unseen(vec![
            answers(1, 1),
            Box::new(|peer| {
                peer.await_frames(|frames| frames.len() >= 2);
                peer.send(&[wire::ok(4), wire::data("xyz")].concat());
                peer.await_end();
            }),
        ]);
        servers.call().unwrap();
        servers.await_close();
        let mut bytes = Vec::new();
        let mut both = servers.client.call("x").with_octets(&b"abc"[..]).octets().unwrap();
        both.read_to_end(&mut bytes).unwrap();
        assert_eq!((bytes.as_slice(), servers.opened()), (&b"xyz"[..], 2));
    });
}
