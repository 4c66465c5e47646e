//! JSON over the limit, in either direction, on either side: an ordinary error that says what is
//! too large, how large, and the limit. Its bytes are discarded, and the connection stays usable.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use rpc_core::{Client, ClientConfig, Ended, Error, Result, ServerConfig, Status, rpc_service};
use rpc_tests::{Connections, ScriptedPeer, TransportKind, serve_bytes, watchdog, watchdog_with_limit, wire};
use serde_json::{Value, json};

#[rpc_service]
trait Scale {
    fn weigh(&self, text: &str) -> Result<usize>;
    fn grow(&self, bytes: usize) -> Result<String>;
    fn open(&self, bytes: usize) -> Result<(String, impl Read)>;
    fn store(&self, name: &str, content: impl Read) -> Result<usize>;
}

#[derive(Clone)]
struct Handler;

impl Scale for Handler {
    fn weigh(&self, text: &str) -> Result<usize> {
        Ok(text.len())
    }

    fn grow(&self, bytes: usize) -> Result<String> {
        Ok("y".repeat(bytes - 2))
    }

    fn open(&self, bytes: usize) -> Result<(String, impl Read)> {
        Ok(("y".repeat(bytes - 2), io::repeat(7)))
    }

    fn store(&self, name: &str, mut content: impl Read) -> Result<usize> {
        io::copy(&mut content, &mut io::sink())?;
        Ok(name.len())
    }
}

/// The limit of the side that has one.
const LIMIT: usize = 1000;

/// More than any buffer on the way holds, less than the budget for discarding.
const LARGE: usize = 5_000_000;

/// Runs a check over each transport, for a client and a server with these JSON limits.
fn everywhere(client: usize, server: usize, check: impl Fn(&ScaleClient, &Connections) + Send + 'static) {
    watchdog_with_limit(Duration::from_secs(120), move || {
        for transport in TransportKind::ALL {
            let config = ClientConfig::default().max_json_len(client);
            let limits = ServerConfig::default().max_json_len(server);
            let (client, connections) = transport.serve_with(ScaleServer::new(Handler), config, limits, |near| near);
            check(&ScaleClient::new(client), &connections);
        }
    });
}

fn next(client: &ScaleClient, connections: &Connections) {
    assert_eq!((client.weigh("four").unwrap(), connections.count()), (4, 1), "the same connection");
}

/// Returns a JSON string of this many bytes, quotes included.
fn text(bytes: usize) -> String {
    "x".repeat(bytes - 2)
}

#[test]
fn the_client_does_not_send_a_request_over_its_limit() {
    everywhere(LIMIT, usize::MAX, |client, connections| {
        assert_eq!(client.weigh(&text(LIMIT)).unwrap(), LIMIT - 2);
        for size in [LIMIT + 1, LARGE] {
            let errors = [client.weigh(&text(size)).unwrap_err(), client.store(&text(size), &b"abc"[..]).unwrap_err()];
            for error in errors {
                assert!(error.never_ran() && error.connection_usable());
                let text = error.to_string();
                let limits = ("JSON request", Some(size as u64), LIMIT as u64);
                assert!(
                    matches!(error, Error::Limit { ref what, size, limit, .. } if (&**what, size, limit) == limits),
                    "{text}"
                );
                assert!(text.contains(&size.to_string()) && text.contains("1000"), "{text}");
            }
            next(client, connections);
        }
    });
}

#[test]
fn the_server_refuses_a_request_over_its_limit() {
    everywhere(usize::MAX, LIMIT, |client, connections| {
        assert_eq!(client.weigh(&text(LIMIT)).unwrap(), LIMIT - 2);
        for size in [LIMIT + 1, LARGE] {
            let errors = [client.weigh(&text(size)).unwrap_err(), client.store(&text(size), &b"abc"[..]).unwrap_err()];
            for error in errors {
                let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
                assert_eq!(remote.status, Status::RequestError);
                let text = &remote.message;
                assert!(text.contains("JSON") && text.contains("1000") && text.contains("stream"), "{text}");
                assert!(error.connection_usable());
            }
            next(client, connections);
        }
    });
}

/// The octets after the JSON are endless: the early reply stops them.
#[test]
fn the_server_refuses_it_before_the_octets_after_it() {
    everywhere(usize::MAX, LIMIT, |client, connections| {
        let error = client.store(&text(LIMIT + 1), io::repeat(7)).unwrap_err();
        assert_eq!(error.remote().map(|no| no.status), Some(Status::RequestError), "{error:?}");
        assert!(error.connection_usable());
        next(client, connections);
    });
}

#[test]
fn the_server_does_not_send_a_reply_over_its_limit() {
    everywhere(usize::MAX, LIMIT, |client, connections| {
        assert_eq!(client.grow(LIMIT).unwrap().len(), LIMIT - 2);
        for size in [LIMIT + 1, LARGE] {
            for error in [client.grow(size).unwrap_err(), client.open(size).map(drop).unwrap_err()] {
                let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
                assert_eq!(remote.status, Status::ServerError);
                let text = &remote.message;
                assert!(text.contains(&size.to_string()) && text.contains("1000"), "{text}");
                assert!(error.connection_usable());
            }
            next(client, connections);
        }
    });
}

#[test]
fn the_client_refuses_a_reply_over_its_limit() {
    everywhere(LIMIT, usize::MAX, |client, connections| {
        assert_eq!(client.grow(LIMIT).unwrap().len(), LIMIT - 2);
        for size in [LIMIT + 1, LARGE] {
            let error = client.grow(size).unwrap_err();
            assert!(error.connection_usable() && !error.never_ran());
            let text = error.to_string();
            assert!(matches!(error, Error::Limit { ref what, limit: 1000, .. } if what == "JSON reply"), "{text}");
            next(client, connections);
        }
    });
}

/// The octets after the JSON are endless: they are cancelled.
#[test]
fn the_client_refuses_it_before_the_octets_after_it() {
    everywhere(LIMIT, usize::MAX, |client, connections| {
        for size in [LIMIT + 1, LARGE] {
            let error = client.open(size).map(drop).unwrap_err();
            assert!(matches!(error, Error::Limit { ref what, limit: 1000, .. } if what == "JSON reply"), "{error:?}");
            assert!(error.connection_usable(), "{size}");
            next(client, connections);
        }
    });
}

/// A size that the frame states is reported; here, without one, each side reports only what it has
/// read.
#[test]
fn a_reply_in_many_frames_is_discarded() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                peer.await_requests(1);
                let frames = [wire::more(vec![b' '; 600]), wire::more(""), wire::more(vec![b' '; 90_000])].concat();
                peer.send(&[wire::ok(3), frames.repeat(20), wire::data("1")].concat());
                peer.await_requests(2);
                peer.send(&wire::ok_json("2"));
            });
            let config = ClientConfig::default().max_json_len(LIMIT);
            let client = Client::from_transport_with(transport, config).unwrap();
            let error = client.call("x").with(&()).json::<Value>().unwrap_err();
            assert!(matches!(error, Error::Limit { size: None, limit: 1000, .. }), "{error:?}");
            assert!(error.connection_usable());
            assert_eq!(client.call("x").with(&()).json::<Value>().unwrap(), json!(2));
        });
    });
}

#[test]
fn a_reply_that_ends_in_a_trailer_is_complete_too() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                peer.await_requests(1);
                let frames = [wire::more(vec![b' '; 100_000]), wire::trailer(4, "gave up")].concat();
                peer.send(&[wire::ok(3), frames].concat());
                peer.await_requests(2);
                peer.send(&wire::ok_json("2"));
            });
            let config = ClientConfig::default().max_json_len(LIMIT);
            let client = Client::from_transport_with(transport, config).unwrap();
            let error = client.call("x").with(&()).json::<Value>().unwrap_err();
            assert!(matches!(error, Error::Limit { .. }) && error.connection_usable(), "{error:?}");
            assert_eq!(client.call("x").with(&()).json::<Value>().unwrap(), json!(2));
        });
    });
}

/// More than the budget for discarding.
const ENORMOUS: usize = 20_000_000;

#[test]
fn beyond_the_budget_the_servers_refusal_arrives_and_the_connection_is_closed() {
    everywhere(usize::MAX, LIMIT, |client, connections| {
        let error = client.weigh(&text(ENORMOUS)).unwrap_err();
        assert_eq!(error.remote().map(|no| no.status), Some(Status::RequestError), "{error:?}");
        assert_eq!(client.weigh("four").unwrap(), 4);
        assert_eq!(connections.count(), 2);
    });
}

#[test]
fn beyond_the_budget_the_server_closes_gracefully() {
    watchdog(|| {
        let body = [wire::more(vec![b' '; 4_000_000]).repeat(5), wire::data("1")].concat();
        let client = [wire::opening("weigh", 3, 3), body].concat();
        let config = ServerConfig::default().max_json_len(LIMIT);
        let (ended, sent) = serve_bytes(&client, ScaleServer::new(Handler), config, |transport| transport);
        assert_eq!(ended.unwrap(), Ended::GivenUp);
        let kinds: Vec<u8> = wire::frames(&sent).iter().map(|frame| frame.kind).collect();
        assert_eq!(kinds, [wire::HEADER, wire::RESET]);
    });
}

#[test]
fn beyond_the_budget_the_client_closes_and_says_so() {
    everywhere(LIMIT, usize::MAX, |client, connections| {
        let error = client.grow(ENORMOUS).unwrap_err();
        assert!(matches!(error, Error::Limit { ref what, limit: 1000, .. } if what == "JSON reply"), "{error:?}");
        assert!(!error.connection_usable() && !error.never_ran());
        assert_eq!(client.weigh("four").unwrap(), 4);
        assert_eq!(connections.count(), 2);
    });
}
