//! Calls that share connections, each with its own result.

use std::io::Read;
use std::thread;

use rpc_core::{CallOptions, ClientConfig, Error, ServerConfig};
use rpc_tests::{TransportKind, watchdog, wire};
use serde_json::Value;

use crate::gate::{Gate, GateClient, GateServer, Keeper, call, sharing};
use crate::script::{Scripted, number, numbers, replies};

#[test]
fn each_of_many_callers_gets_its_own_replies() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            for shared in [1, 2] {
                let (keeper, _arrived) = Keeper::new();
                let (client, connections) =
                    transport
                        .serve_with(GateServer::new(keeper), sharing(shared), ServerConfig::default(), |near| near);
                thread::scope(|scope| {
                    for caller in 0..16 {
                        call(scope, &client, move |gate| {
                            for turn in 0..200 {
                                let text = format!("{caller} {turn} {}", "x".repeat(turn * 7 % 600));
                                assert_eq!(gate.echo(&text).unwrap(), text);
                            }
                        });
                    }
                });
                assert!(connections.count() <= shared, "{transport:?}: {} for {shared}", connections.count());
            }
        }
    });
}

#[test]
fn requests_are_sent_before_earlier_replies_arrive() {
    watchdog(|| {
        const CALLERS: u32 = 40;
        let servers = Scripted::new(
            sharing(1),
            vec![Box::new(|peer| {
                assert!(peer.await_requests(CALLERS as usize));
                let numbers = numbers(peer);
                peer.send(&replies(&numbers));
                peer.await_end();
            })],
        );
        thread::scope(|scope| {
            for caller in 0..CALLERS {
                let client = &servers.client;
                scope.spawn(move || assert_eq!(number(client, caller).unwrap(), caller));
            }
        });
    });
}

#[test]
fn as_many_calls_as_connections_run_at_once() {
    watchdog(|| {
        let (keeper, arrived) = Keeper::new();
        let (client, connections) = TransportKind::Tcp.serve_with(
            GateServer::new(keeper.clone()),
            sharing(2),
            ServerConfig::default(),
            |near| near,
        );
        thread::scope(|scope| {
            let waits = call(scope, &client, |gate| gate.wait(1));
            arrived.recv().unwrap();
            let gate = GateClient::new(client.clone());
            for turn in 0..50 {
                assert_eq!(gate.echo(&turn.to_string()).unwrap(), turn.to_string());
            }
            keeper.open();
            assert_eq!(waits.join().unwrap().unwrap(), 1);
        });
        assert_eq!(connections.count(), 2);
    });
}

#[test]
fn an_error_fails_only_its_call() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let (keeper, _arrived) = Keeper::new();
            let (client, connections) =
                transport.serve_with(GateServer::new(keeper), sharing(1), ServerConfig::default(), |near| near);
            thread::scope(|scope| {
                for caller in 0..12_u32 {
                    let plain = client.clone();
                    call(scope, &client, move |gate| {
                        for turn in 0..50 {
                            let text = format!("{caller} {turn}");
                            let error = match caller % 4 {
                                0 => gate.fail(&text).unwrap_err(),
                                1 => gate.panic(caller).unwrap_err(),
                                // a reply that is not a number, and an unknown endpoint
                                2 => plain.call("echo").with(&text).json::<u32>().unwrap_err(),
                                _ => {
                                    assert_eq!(gate.echo(&text).unwrap(), text);
                                    plain.call("nothing").with(&text).json::<u32>().unwrap_err()
                                }
                            };
                            match (caller % 4, &error) {
                                (0, Error::Remote(remote)) => assert_eq!(remote.message, text),
                                (1 | 3, Error::Remote(_)) | (2, Error::Protocol { .. }) => {}
                                _ => panic!("{caller}: {error:?}"),
                            }
                            assert!(error.connection_usable() && !error.never_ran(), "{error:?}");
                        }
                    });
                }
            });
            assert_eq!(connections.count(), 1, "{transport:?}");
        }
    });
}

#[test]
fn large_calls_and_streams_work_beside_shared_calls() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let (keeper, _arrived) = Keeper::new();
            let (client, _) =
                transport.serve_with(GateServer::new(keeper), sharing(1), ServerConfig::default(), |near| near);
            thread::scope(|scope| {
                for caller in 0..8_u64 {
                    call(scope, &client, move |gate| {
                        for turn in 0..10 {
                            let count = 3000 + 50_000 * turn;
                            match caller % 4 {
                                0 => assert_eq!(gate.echo(&"y".repeat(count)).unwrap().len(), count),
                                1 => assert_eq!(gate.large(count).unwrap().len(), count),
                                2 => {
                                    let mut bytes = Vec::new();
                                    gate.bytes(count as u64).unwrap().read_to_end(&mut bytes).unwrap();
                                    assert_eq!(bytes.len(), count);
                                }
                                _ => {
                                    let content = vec![7; count];
                                    assert_eq!(gate.count(&content[..]).unwrap(), count as u64);
                                    assert_eq!(gate.echo("small").unwrap(), "small");
                                }
                            }
                        }
                    });
                }
            });
        }
    });
}

#[test]
fn a_request_or_reply_over_the_limit_fails_only_its_call() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let config = sharing(1).max_json_len(1000);
        let (client, connections) =
            TransportKind::Tcp.serve_with(GateServer::new(keeper), config, ServerConfig::default(), |near| near);
        let gate = GateClient::new(client);
        let error = gate.large(2000).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: 1000, .. }) && error.connection_usable(), "{error:?}");
        let error = gate.echo(&"x".repeat(2000)).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: 1000, .. }) && error.never_ran(), "{error:?}");
        assert_eq!(gate.echo("x").unwrap(), "x");
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn options_apply_only_to_their_call() {
    watchdog(|| {
        let servers = Scripted::new(
            ClientConfig::default().shared_connections(1).reply_timeout(None),
            vec![Box::new(|peer| {
                assert!(peer.await_requests(3));
                let messages = wire::messages(&peer.received);
                let headers = messages.iter().filter(|message| message.kind == wire::HEADER);
                let headers: Vec<Value> =
                    headers.map(|header| serde_json::from_slice(&header.payload).unwrap()).collect();
                for (header, number) in headers.iter().zip(numbers(peer)) {
                    let timeout = header["TimeoutMs"].as_u64();
                    match number {
                        1 => assert_eq!((timeout, header["Metadata"]["user"].as_str()), (None, Some("ann"))),
                        // the time left when it is sent, which is never more than the limit
                        2 => assert!(timeout.is_some_and(|left| (40_000..=50_000).contains(&left)), "{header}"),
                        _ => assert_eq!((timeout, header.get("Metadata")), (None, None)),
                    }
                }
                peer.send(&replies(&numbers(peer)));
                peer.await_end();
            })],
        );
        let options = [
            CallOptions::default(),
            CallOptions::default().metadata("user", "ann"),
            CallOptions::default().timeout(Some(std::time::Duration::from_secs(50))),
        ];
        thread::scope(|scope| {
            for (caller, options) in (0..).zip(options) {
                let client = servers.client.with_options(options);
                scope.spawn(move || assert_eq!(number(&client, caller).unwrap(), caller));
            }
        });
    });
}

#[test]
fn metadata_that_does_not_fit_is_the_callers_error() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let (client, _) =
            TransportKind::Memory.serve_with(GateServer::new(keeper), sharing(1), ServerConfig::default(), |near| near);
        let of_size = |size: usize| {
            let options = CallOptions::default().metadata("m", "x".repeat(size));
            GateClient::new(client.with_options(options)).echo("x")
        };
        // as much fits as without sharing
        let plain = TransportKind::Memory.serve(GateServer::new(Keeper::new().0)).0;
        let fits = |size: usize| {
            let options = CallOptions::default().metadata("m", "x".repeat(size));
            GateClient::new(plain.with_options(options)).echo("x").is_ok()
        };
        let most = (3800..4096).rev().find(|&size| fits(size)).unwrap();
        assert_eq!(of_size(most).unwrap(), "x");
        let error = of_size(most + 1).unwrap_err();
        assert!(matches!(error, Error::Misuse(_)) && error.never_ran(), "{error:?}");
        assert_eq!(of_size(1).unwrap(), "x");
    });
}
