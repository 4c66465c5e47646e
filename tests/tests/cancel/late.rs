//! Cancels that arrive after their reply has ended.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{Ended, Error, FrameKind, ServerConfig, Violation, serve_connection_with};
use rpc_tests::{ScriptedPeer, serve_bytes, watchdog, wire};
use wire::{DATA, HEADER, RESET};

use crate::service::spring;

fn next() -> Vec<u8> {
    [wire::opening("echo", 3, 3), wire::data(r#""next""#)].concat()
}

/// Calls whose replies cannot be cut short, and how many frames those have.
fn calls() -> Vec<(Vec<u8>, usize)> {
    vec![
        (next(), 2),
        ([wire::opening("nothing", 3, 3), wire::data("null")].concat(), 1),
        ([wire::opening("take", 4, 3), wire::data("abc")].concat(), 2),
        (wire::header(r#"{"Endpoint":"Ping","DataType":2,"Accept":2,"Revision":1}"#), 1),
    ]
}

/// Calls that return streams.
fn streams() -> Vec<(Vec<u8>, usize)> {
    vec![
        ([wire::opening("flow 10", 3, 4), wire::data("null")].concat(), 3),
        ([wire::opening("label 10", 3, 5), wire::data("null")].concat(), 4),
    ]
}

#[test]
fn one_is_skipped() {
    watchdog(|| {
        for (call, frames) in calls().into_iter().chain(streams()) {
            let (mut peer, transport) = ScriptedPeer::new();
            thread::scope(|scope| {
                let server = scope.spawn(move || serve_connection_with(transport, spring().0, ServerConfig::default()));
                peer.send(&call);
                // the reply has ended, and the cancel crosses it on the way
                peer.await_frames(|found| found.len() >= frames);
                peer.send(&[wire::trailer(2, "enough"), next()].concat());
                peer.await_frames(|found| found.len() >= frames + 2);
                peer.send(&[wire::close_request(), wire::reset()].concat());
                peer.await_end();
                assert_eq!(server.join().unwrap().unwrap(), Ended::Closed);
                assert_eq!(peer.kinds()[frames..], [HEADER, DATA, HEADER, RESET]);
                assert_eq!(wire::frames(&peer.received)[frames + 1].payload, br#""next""#);
            });
        }
    });
}

#[test]
fn two_are_a_violation() {
    watchdog(|| {
        let late = wire::trailer(2, "enough");
        for (call, frames) in calls() {
            let client = [call, late.clone(), late.clone(), next()].concat();
            let (ended, sent) = serve_bytes(&client, spring().0, ServerConfig::default(), |transport| transport);
            let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found: FrameKind::Trailer };
            assert!(matches!(&ended, Err(Error::Protocol { violation, .. }) if *violation == expected), "{ended:?}");
            assert_eq!(wire::frames(&sent)[frames..].iter().map(|frame| frame.kind).collect::<Vec<_>>(), [RESET]);
        }
    });
}

#[test]
fn one_after_each_call_is_allowed() {
    watchdog(|| {
        let client = [next(), wire::trailer(2, "enough")].concat().repeat(5);
        let (ended, sent) = serve_bytes(&client, spring().0, ServerConfig::default(), |transport| transport);
        assert_eq!(ended.unwrap(), Ended::HungUp);
        assert_eq!(wire::frames(&sent).len(), 10);
    });
}

/// After a late cancel the connection counts as idle: the limit for reading a request does not run.
#[test]
fn after_one_the_connection_is_idle() {
    watchdog(|| {
        let config = ServerConfig::default().request_timeout(Some(Duration::from_millis(200))).idle_timeout(None);
        let (mut peer, transport) = ScriptedPeer::new();
        thread::scope(|scope| {
            let server = scope.spawn(move || serve_connection_with(transport, spring().0, config));
            peer.send(&[next(), wire::trailer(2, "enough")].concat());
            peer.await_frames(|frames| frames.len() >= 2);
            // nothing is ever sent here: this only waits
            let (_nobody, never) = mpsc::channel::<()>();
            _ = never.recv_timeout(Duration::from_millis(500));
            peer.send(&[next(), wire::close_request(), wire::reset()].concat());
            peer.await_end();
            assert_eq!(server.join().unwrap().unwrap(), Ended::Closed);
            assert_eq!(peer.kinds(), [HEADER, DATA, HEADER, DATA, HEADER, RESET]);
        });
    });
}
