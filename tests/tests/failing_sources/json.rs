//! Trailers in place of JSON.

use std::io::Read;
use std::thread;

use rpc_core::{Client, Ended, Error, ServerConfig, Status};
use rpc_tests::{ScriptedPeer, serve_bytes, watchdog, wire};
use serde_json::{Value, json};

use crate::service::taps;

/// Answers a call with these bytes, and the next one correctly.
fn answered(reply: &[u8], call: impl FnOnce(&Client)) {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            // a request for JSON and octets asks first
            peer.await_frames(|frames| !frames.is_empty());
            let asks = !wire::announces_body(&wire::messages(&peer.received)[0]);
            if asks {
                peer.send(&wire::ok(2));
            }
            peer.await_frames(|frames| frames.len() >= usize::from(asks) + 2);
            peer.send(reply);
            let begun = wire::frames(&peer.received).len();
            if peer.await_frames(|frames| frames.len() >= begun + 2) {
                peer.send(&wire::ok_json("2"));
            }
        });
        let client = Client::from_transport(transport).unwrap();
        call(&client);
        assert_eq!(client.call("next").with(&()).json::<u8>().unwrap(), 2, "the next call on the same connection");
    });
}

fn check(error: &Error) {
    let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!((remote.status, remote.message.as_str()), (Status::ServerError, "lost it"));
    assert!(error.connection_usable() && !error.never_ran());
}

#[test]
fn in_place_of_a_reply() {
    watchdog(|| {
        for begun in [vec![], wire::more(""), wire::more("[1, 2,")] {
            answered(&[wire::ok(3), begun, wire::trailer(3, "lost it")].concat(), |client| {
                check(&client.call("x").with(&()).json::<Value>().unwrap_err());
            });
        }
    });
}

#[test]
fn in_place_of_the_json_before_a_replys_octets() {
    watchdog(|| {
        for begun in [vec![], wire::more("[1, 2,")] {
            answered(&[wire::ok(5), begun, wire::trailer(3, "lost it")].concat(), |client| {
                check(&client.call("x").with(&()).json_and_octets::<Value>().unwrap_err());
            });
        }
    });
}

#[test]
fn in_place_of_the_octets_after_a_replys_json() {
    watchdog(|| {
        for begun in [vec![], wire::more(""), wire::more("abc")] {
            let count = begun.len().saturating_sub(6);
            answered(&[wire::ok(5), wire::data("[1]"), begun, wire::trailer(3, "lost it")].concat(), |client| {
                let (value, mut content) = client.call("x").with(&()).json_and_octets::<Value>().unwrap();
                assert_eq!(value, json!([1]));
                let mut bytes = Vec::new();
                check(&Error::from(content.read_to_end(&mut bytes).unwrap_err()));
                assert_eq!(bytes.len(), count);
            });
        }
    });
}

#[test]
fn in_place_of_a_request() {
    watchdog(|| {
        for (endpoint, data_type) in [("echo", 3), ("store", 5)] {
            for begun in [vec![], wire::more(""), wire::more("\"")] {
                let request = [wire::opening(endpoint, data_type, 3), begun, wire::trailer(4, "lost it")].concat();
                let next = [wire::opening("echo", 3, 3), wire::data(r#""next""#), wire::close_request()].concat();
                let (handler, reports) = taps();
                let client = [request, next, wire::reset()].concat();
                let (ended, sent) = serve_bytes(&client, handler, ServerConfig::default(), |transport| transport);
                assert_eq!(ended.unwrap(), Ended::Closed);
                let frames = wire::frames(&sent);
                let refusal: Value = serde_json::from_slice(&frames[0].payload).unwrap();
                assert_eq!(refusal["Error"], 2, "{endpoint}");
                assert!(refusal["ErrorMessage"].as_str().unwrap().contains("lost it"), "{refusal}");
                assert_eq!(frames[2].payload, br#""next""#);
                assert!(reports.try_recv().is_err(), "no handler ran");
            }
        }
    });
}
