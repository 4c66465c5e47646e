//! Servers that fall silent in each state of the protocol.

use std::io::Read;
use std::thread;

use rpc_core::{Client, ClientConfig, Error, Operation, Result};
use rpc_tests::{TransportKind, watchdog, wire};
use serde_json::Value;

use crate::far_end::{Far, SOON, against, met, patient, soon};

type Call = fn(&Client) -> Result<()>;

fn json(client: &Client) -> Result<()> {
    client.call("x").with(&()).json::<Value>().map(drop)
}

fn upload(client: &Client) -> Result<()> {
    client.call("x").with_octets(&b"abc"[..]).json::<Value>().map(drop)
}

fn both(client: &Client) -> Result<()> {
    client.call("x").with(&()).with_octets(&b"abc"[..]).json::<Value>().map(drop)
}

fn octets(client: &Client) -> Result<()> {
    client.call("x").with(&()).octets().map(drop)
}

/// For each way to limit a call: the client's configuration, and whether the call has options.
fn limited() -> [(ClientConfig, bool); 2] {
    [(patient().reply_timeout(Some(SOON)), false), (patient(), true)]
}

fn with(client: &Client, options: bool) -> Client {
    if options { client.with_options(soon()) } else { client.clone() }
}

/// Checks each call against a server that sends the beginning of a reply without reading.
fn silent(reply: &[u8], calls: &[Call]) {
    silent_after(|_| (), reply, calls);
}

/// Like [`silent`], but the reply begins after the request has arrived.
fn silent_after_request(reply: &[u8], calls: &[Call]) {
    silent_after(|far| _ = far.read(1), reply, calls);
}

/// Like [`silent`], but the server does something else first.
fn silent_after(first: fn(&mut Far), reply: &[u8], calls: &[Call]) {
    for &transport in TransportKind::ALL {
        thread::scope(|scope| {
            for (&call, (config, options)) in calls.iter().flat_map(|call| limited().map(|limit| (call, limit))) {
                scope.spawn(move || {
                    let error = against(
                        transport,
                        config,
                        |far| {
                            first(far);
                            far.send(reply);
                            far.read_all();
                        },
                        |client| call(&with(client, options)).unwrap_err(),
                    );
                    assert!(!met(error, Operation::WaitingForReply), "it may have run");
                });
            }
        });
    }
}

/// The replies are sent before the calls begin, so an upload sees them before its end, too.
#[test]
fn before_and_inside_a_reply() {
    watchdog(|| {
        let whole = [wire::ok(3), wire::data("12345")].concat();
        let header = wire::ok(3).len();
        silent(&[], &[json, upload, octets]);
        for cut in [header, header + 1, header + 6, whole.len() - 1] {
            silent_after_request(&whole[..cut], &[json, upload]);
        }
        for cut in [1, 6, header - 1] {
            silent_after_request(&whole[..cut], &[json, upload, octets]);
        }
    });
}

#[test]
fn after_a_ping() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            for (config, options) in limited() {
                let error = against(
                    transport,
                    config,
                    |far| far.read_all(),
                    |client| both(&with(client, options)).unwrap_err(),
                );
                assert!(met(error, Operation::WaitingForReply), "only the Ping was sent");
            }
        }
    });
}

#[test]
fn inside_a_stream() {
    watchdog(|| {
        let whole = [wire::ok(4), wire::more("abc"), wire::data("")].concat();
        let header = wire::ok(4).len();
        for &transport in TransportKind::ALL {
            thread::scope(|scope| {
                for cut in [header, header + 3, header + 6, header + 8, header + 9, whole.len() - 1] {
                    let begin = &whole[..cut];
                    scope.spawn(move || {
                        let config = patient().stall_timeout(Some(SOON));
                        let far = |far: &mut Far| {
                            far.read(1);
                            far.send(begin);
                            far.read_all();
                        };
                        let error = against(transport, config, far, |client| {
                            let mut stream = client.call("x").with(&()).octets().unwrap();
                            Error::from(stream.read_to_end(&mut Vec::new()).unwrap_err())
                        });
                        assert!(!met(error, Operation::ReadingStream));
                    });
                }
            });
        }
    });
}

/// A call that waits for the only connection waits no longer than its limit.
#[test]
fn while_another_call_uses_the_connection() {
    watchdog(|| {
        let far = |far: &mut Far| {
            far.read(1);
            far.send(&[wire::ok(4), wire::data("abc")].concat());
            far.read_all();
        };
        against(TransportKind::Memory, patient(), far, |client| {
            let stream = client.call("x").with(&()).octets().unwrap();
            let outcome = thread::scope(|scope| scope.spawn(|| json(&with(client, true))).join().unwrap());
            match outcome.unwrap_err() {
                Error::Deadline { operation: Operation::WaitingForConnection, limit: SOON, fate } => {
                    assert!(fate.never_ran && fate.connection_usable);
                }
                other => panic!("{other:?}"),
            }
            drop(stream);
            assert!(json(&with(client, true)).is_err(), "the connection is free again, and the server silent");
        });
    });
}
