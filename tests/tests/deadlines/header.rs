//! The remaining time in a request's header.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, Client, ClientConfig};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::Value;

/// Returns the headers of the requests that these calls make, each answered with a number.
fn headers(config: ClientConfig, before: Duration, calls: impl FnOnce(&Client)) -> Vec<Value> {
    let (mut peer, transport) = ScriptedPeer::new();
    let transport = std::sync::Mutex::new(Some(transport));
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            let mut answered = 0;
            while peer.await_requests(answered + 1) {
                peer.send(&[wire::ok(3), wire::data("1")].concat());
                answered += 1;
            }
            let headers = wire::frames(&peer.received).into_iter().filter(|frame| frame.kind == wire::HEADER);
            headers.map(|frame| serde_json::from_slice(&frame.payload).unwrap()).collect()
        });
        let connect = move |_left| {
            // connecting takes a while: nothing is ever sent here
            let (_nobody, never) = mpsc::channel::<()>();
            _ = never.recv_timeout(before);
            transport.lock().unwrap().take().ok_or_else(|| std::io::ErrorKind::PermissionDenied.into())
        };
        calls(&Client::with_connector("a script", connect, config));
        server.join().unwrap()
    })
}

fn json(client: &Client) {
    client.call("x").with(&()).json::<u8>().unwrap();
}

fn upload(client: &Client) {
    client.call("x").with_octets(&b"abc"[..]).json::<u8>().unwrap();
}

fn limit(seconds: u64) -> CallOptions {
    CallOptions::default().timeout(Some(Duration::from_secs(seconds)))
}

fn timeout(header: &Value) -> Option<u64> {
    header.get("TimeoutMs").map(|value| value.as_u64().unwrap())
}

#[test]
fn a_limit_travels_wherever_it_was_set() {
    watchdog(|| {
        let config = ClientConfig::default().reply_timeout(Some(Duration::from_secs(1000)));
        let found = headers(config, Duration::ZERO, |client| {
            json(client);
            json(&client.with_options(limit(2000)));
            upload(&client.with_options(limit(3000)));
        });
        for (header, most) in found.iter().zip([1_000_000, 2_000_000, 3_000_000]) {
            let left = timeout(header).unwrap();
            assert!(left <= most && left > most - 60_000, "{left} of {most}");
        }
    });
}

#[test]
fn the_time_already_used_is_subtracted() {
    watchdog(|| {
        let config = ClientConfig::default().reply_timeout(Some(Duration::from_secs(1000)));
        let found = headers(config, Duration::from_millis(300), |client| {
            json(client);
            json(client);
        });
        assert!(timeout(&found[0]).unwrap() <= 999_700, "{}", found[0]);
        assert!(timeout(&found[1]).unwrap() > 900_000, "each call has its own time: {}", found[1]);
    });
}

#[test]
fn no_limit_is_absent() {
    watchdog(|| {
        let none = CallOptions::default().timeout(None);
        let found = headers(ClientConfig::default(), Duration::ZERO, |client| {
            json(&client.with_options(none.clone()));
            upload(&client.with_options(none));
            // the client's limit for a reply begins after a stream, so the header has none
            upload(client);
        });
        assert_eq!(found.iter().filter_map(timeout).count(), 0, "{found:?}");
        let found = headers(ClientConfig::default().reply_timeout(None), Duration::ZERO, json);
        assert_eq!(timeout(&found[0]), None);
    });
}

#[test]
fn a_limit_may_be_too_long_to_send() {
    watchdog(|| {
        let found = headers(ClientConfig::default(), Duration::ZERO, |client| {
            json(&client.with_options(limit(u64::MAX)));
            json(&client.with_options(limit(86_400 * 365 * 100)));
        });
        assert_eq!(timeout(&found[0]), None, "no clock reaches that time");
        assert!(timeout(&found[1]).unwrap() > 3_000_000_000_000);
    });
}
