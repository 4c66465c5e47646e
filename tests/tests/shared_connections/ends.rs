//! The end of a shared connection, by the client or the server, with and without waiting calls.

use std::sync::mpsc;
use std::thread;

use rpc_core::{Error, Misuse, ServerConfig};
use rpc_tests::{TransportKind, watchdog, wire};

use crate::gate::{Gate, GateClient, GateServer, Keeper, call, sharing};
use crate::script::{Scripted, answer, number};

#[test]
fn closing_waits_for_outstanding_replies() {
    watchdog(|| {
        let (keeper, arrived) = Keeper::new();
        let (client, _) = TransportKind::Tcp.serve_with(
            GateServer::new(keeper.clone()),
            sharing(1),
            ServerConfig::default(),
            |near| near,
        );
        thread::scope(|scope| {
            let slow = call(scope, &client, |gate| gate.wait(1));
            arrived.recv().unwrap();
            let gate = GateClient::new(client.clone());
            client.close().unwrap();
            let error = gate.echo("later").unwrap_err();
            assert!(matches!(error, Error::Misuse(Misuse::Closed)) && error.never_ran(), "{error:?}");
            keeper.open();
            assert_eq!(slow.join().unwrap().unwrap(), 1);
        });
    });
}

#[test]
fn an_idle_connection_is_closed_with_a_handshake() {
    watchdog(|| {
        for dropped in [false, true] {
            let (on_end, ended) = mpsc::channel();
            let servers = Scripted::new(
                sharing(1),
                vec![Box::new(move |peer| {
                    answer(peer, 1);
                    peer.await_requests(2);
                    peer.send(&wire::close_reply());
                    peer.await_end();
                    on_end.send(peer.received.clone()).unwrap();
                })],
            );
            assert_eq!(number(&servers.client, 7).unwrap(), 7);
            if dropped {
                drop(servers);
            } else {
                servers.client.close().unwrap();
            }
            let received = ended.recv().unwrap();
            let close = &wire::messages(&received)[2];
            assert!(String::from_utf8_lossy(&close.payload).contains(r#""Endpoint":"Close""#));
        }
    });
}

#[test]
fn an_idle_connection_that_has_ended_fails_no_call() {
    watchdog(|| {
        let (on_end, ended) = mpsc::channel();
        let server = |on_end: mpsc::Sender<()>| -> crate::script::Script {
            Box::new(move |peer| {
                answer(peer, 1);
                peer.send(&wire::reset());
                on_end.send(()).unwrap();
            })
        };
        let servers = Scripted::new(sharing(1), (0..3).map(|_| server(on_end.clone())).collect());
        for turn in 0..3 {
            assert_eq!(number(&servers.client, turn).unwrap(), turn);
            ended.recv().unwrap();
        }
        assert_eq!(servers.opened(), 3);
    });
}

/// The calls that are unanswered on a connection that ends.
const CALLERS: usize = 10;

/// A connection that has served a call and ends with these last bytes when this many calls are
/// unanswered on it, then one that answers some.
fn ending_under_callers(last: Vec<u8>, answered: usize) -> Scripted {
    let servers = Scripted::new(
        sharing(1),
        vec![
            Box::new(move |peer| {
                answer(peer, 1);
                peer.await_requests(1 + CALLERS);
                peer.send(&last);
            }),
            Box::new(move |peer| _ = answer(peer, answered)),
        ],
    );
    assert_eq!(number(&servers.client, 99).unwrap(), 99);
    servers
}

#[test]
fn calls_that_a_reset_says_never_ran_are_retried() {
    watchdog(|| {
        let servers = ending_under_callers(wire::reset(), CALLERS);
        thread::scope(|scope| {
            for caller in (0..).take(CALLERS) {
                let client = &servers.client;
                scope.spawn(move || assert_eq!(number(client, caller).unwrap(), caller));
            }
        });
        assert_eq!(servers.opened(), 2);
    });
}

#[test]
fn calls_that_may_have_run_are_not_retried() {
    watchdog(|| {
        let servers = ending_under_callers(Vec::new(), 1);
        thread::scope(|scope| {
            for caller in (0..).take(CALLERS) {
                let client = &servers.client;
                scope.spawn(move || {
                    let error = number(client, caller).unwrap_err();
                    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
                    assert!(!error.never_ran() && !error.connection_usable(), "{error:?}");
                });
            }
        });
        assert_eq!(number(&servers.client, 5).unwrap(), 5);
        assert_eq!(servers.opened(), 2);
    });
}

#[test]
fn an_original_server_that_refuses_a_call_fails_those_after_it() {
    watchdog(|| {
        let servers = Scripted::new(
            sharing(1),
            vec![
                Box::new(|peer| {
                    peer.await_requests(5);
                    peer.send(&[wire::ok_json("1"), wire::refusal(2, "no"), wire::ok_json("1")].concat());
                    peer.await_end();
                }),
                Box::new(|peer| _ = answer(peer, 1)),
            ],
        );
        let outcomes: Vec<_> = thread::scope(|scope| {
            let calls: Vec<_> = (0..5).map(|_| scope.spawn(|| number(&servers.client, 1))).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Remote(_)))).count(), 1);
        assert!(outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(|error| !error.connection_usable()));
        assert_eq!(number(&servers.client, 5).unwrap(), 5);
    });
}

#[test]
fn a_client_notices_that_its_server_is_gone() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let server = rpc_core::Server::bind("tcp://127.0.0.1:0").unwrap().spawn(GateServer::new(keeper)).unwrap();
        let client = rpc_core::Client::connect_with(server.address(), sharing(2).reconnect_attempts(0)).unwrap();
        let gate = GateClient::new(client);
        assert_eq!(gate.echo("x").unwrap(), "x");
        server.shutdown(std::time::Duration::from_secs(10));
        thread::scope(|scope| {
            for _ in 0..8 {
                let gate = &gate;
                scope.spawn(move || {
                    let error = gate.echo("x").unwrap_err();
                    assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
                });
            }
        });
    });
}
