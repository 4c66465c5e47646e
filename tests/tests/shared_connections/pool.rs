//! Shared connections and the limit on connections: streams and shared calls take turns, and none
//! waits in vain.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::transport::memory_pair;
use rpc_core::{CallOptions, Client, Error, Misuse, ServerConfig};
use rpc_tests::{TransportKind, watchdog};

use crate::gate::{Gate, GateClient, GateServer, Keeper, call, sharing};

#[test]
fn a_stream_of_the_same_thread_makes_a_shared_call_busy() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let config = sharing(4).max_connections(1);
        let (client, connections) =
            TransportKind::Tcp.serve_with(GateServer::new(keeper), config, ServerConfig::default(), |near| near);
        let gate = GateClient::new(client.clone());
        let mut stream = gate.bytes(100).unwrap();
        let busy = |outcome: rpc_core::Result<String>| matches!(outcome, Err(Error::Misuse(Misuse::Busy)));
        assert!(busy(gate.echo("x")));
        thread::scope(|scope| {
            // other threads wait for it
            let (on_call, called) = mpsc::channel();
            let waits = call(scope, &client, move |gate| {
                on_call.send(()).unwrap();
                gate.echo("waits")
            });
            called.recv().unwrap();
            // whether or not others wait, its own thread does not wait for itself
            for _ in 0..100 {
                assert!(busy(gate.echo("x")));
                thread::yield_now();
            }
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            assert_eq!(waits.join().unwrap().unwrap(), "waits");
        });
        assert_eq!(gate.echo("x").unwrap(), "x");
        assert_eq!(connections.count(), 1);
    });
}

/// A call of another thread counted the one about to fail with `Busy` among the waiting ones, and
/// failed, too.
#[test]
fn a_call_that_may_wait_does_not_fail_because_another_is_busy() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let config = sharing(4).max_connections(1);
        let (client, _) =
            TransportKind::Tcp.serve_with(GateServer::new(keeper), config, ServerConfig::default(), |near| near);
        let gate = GateClient::new(client.clone());
        let stream = gate.bytes(100).unwrap();
        let waited = AtomicBool::new(false);
        thread::scope(|scope| {
            let soon = client.with_options(CallOptions::default().timeout(Some(Duration::from_micros(200))));
            let waiting: Vec<_> = (0..3)
                .map(|_| {
                    call(scope, &soon, |gate| {
                        for _ in 0..2000 {
                            let error = gate.echo("waits").unwrap_err();
                            assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
                        }
                    })
                })
                .collect();
            let outcome = scope.spawn(|| {
                let outcomes: Vec<_> = waiting.into_iter().map(|caller| caller.join()).collect();
                waited.store(true, Ordering::SeqCst);
                outcomes.into_iter().for_each(|outcome| outcome.unwrap());
            });
            while !waited.load(Ordering::SeqCst) {
                assert!(matches!(gate.echo("x"), Err(Error::Misuse(Misuse::Busy))));
            }
            outcome.join().unwrap();
        });
        drop(stream);
    });
}

#[test]
fn threads_that_wait_for_each_others_streams_fail_instead_of_deadlocking() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let config = sharing(1).max_connections(2);
        let (client, _) =
            TransportKind::Tcp.serve_with(GateServer::new(keeper), config, ServerConfig::default(), |near| near);
        let barrier = std::sync::Barrier::new(2);
        let busy: usize = thread::scope(|scope| {
            let callers: Vec<_> = (0..2)
                .map(|_| {
                    let barrier = &barrier;
                    call(scope, &client, move |gate| {
                        let stream = gate.bytes(100).unwrap();
                        barrier.wait();
                        let busy = matches!(gate.echo("x"), Err(Error::Misuse(Misuse::Busy)));
                        drop(stream);
                        usize::from(busy)
                    })
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).sum()
        });
        assert!(busy >= 1, "at least one of them fails, so the other can continue");
    });
}

#[test]
fn shared_calls_and_streams_take_turns_on_few_connections() {
    watchdog(|| {
        for most in [1, 2] {
            let (keeper, _arrived) = Keeper::new();
            let config = sharing(2).max_connections(most);
            let (client, connections) =
                TransportKind::Tcp.serve_with(GateServer::new(keeper), config, ServerConfig::default(), |near| near);
            thread::scope(|scope| {
                for caller in 0..6 {
                    call(scope, &client, move |gate| {
                        for turn in 0..50 {
                            if caller % 3 == 0 {
                                let mut bytes = Vec::new();
                                gate.bytes(1000).unwrap().read_to_end(&mut bytes).unwrap();
                                assert_eq!(bytes.len(), 1000);
                            } else {
                                assert_eq!(gate.echo(&turn.to_string()).unwrap(), turn.to_string());
                            }
                        }
                    });
                }
            });
            assert!(connections.count() <= most, "{}", connections.count());
        }
    });
}

/// An endless sequence of calls gives up the only connection for a waiting stream.
#[test]
fn a_stream_gets_its_turn_among_endless_calls() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let config = sharing(1).max_connections(1);
        let (client, connections) =
            TransportKind::Tcp.serve_with(GateServer::new(keeper), config, ServerConfig::default(), |near| near);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for caller in 0..32 {
                let done = &done;
                call(scope, &client, move |gate| {
                    while !done.load(Ordering::SeqCst) {
                        assert_eq!(gate.echo(&caller.to_string()).unwrap(), caller.to_string());
                    }
                });
            }
            let gate = GateClient::new(client.clone());
            for _ in 0..20 {
                let mut bytes = Vec::new();
                gate.bytes(1000).unwrap().read_to_end(&mut bytes).unwrap();
                assert_eq!(bytes.len(), 1000);
            }
            done.store(true, Ordering::SeqCst);
        });
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn a_single_given_connection_can_be_shared() {
    watchdog(|| {
        let (near, far) = memory_pair();
        let (keeper, _arrived) = Keeper::new();
        thread::scope(|scope| {
            scope.spawn(move || rpc_core::serve_connection(far, GateServer::new(keeper)).unwrap());
            let client = Client::from_transport_with(near, sharing(8)).unwrap();
            thread::scope(|scope| {
                for caller in 0..8 {
                    call(scope, &client, move |gate| {
                        for turn in 0..50 {
                            let text = format!("{caller} {turn}");
                            assert_eq!(gate.echo(&text).unwrap(), text);
                        }
                    });
                }
            });
            client.close().unwrap();
        });
    });
}
