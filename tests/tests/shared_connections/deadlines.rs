//! Each caller has its own time limit: it leaves when that passes, and the others continue.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::memory_pair;
use rpc_core::{CallOptions, Client, Error, Operation, ServerConfig};
use rpc_tests::{TransportKind, watchdog, wire};

use crate::gate::{Gate, GateClient, GateServer, Keeper, call, sharing};
use crate::script::{Scripted, answer, number, replies};

const SHORT: Duration = Duration::from_millis(500);

fn within(client: &Client, limit: Duration) -> Client {
    client.with_options(CallOptions::default().timeout(Some(limit)))
}

fn assert_late(error: &Error) {
    let late = matches!(error, Error::Deadline { operation: Operation::WaitingForReply, limit: SHORT, .. });
    assert!(late && !error.never_ran() && !error.connection_usable(), "{error:?}");
}

#[test]
fn a_slow_handler_delays_later_calls_up_to_their_limits() {
    watchdog(|| {
        let (keeper, arrived) = Keeper::new();
        let (client, connections) = TransportKind::Tcp.serve_with(
            GateServer::new(keeper.clone()),
            sharing(1),
            ServerConfig::default(),
            |near| near,
        );
        thread::scope(|scope| {
            let slow = call(scope, &client, |gate| gate.wait(1));
            arrived.recv().unwrap();
            let patient = call(scope, &client, |gate| gate.echo("patient"));
            let hasty = call(scope, &within(&client, SHORT), |gate| gate.echo("hasty"));
            assert_late(&hasty.join().unwrap().unwrap_err());
            // the connection takes no further calls, so these do not wait for the slow one
            let gate = GateClient::new(client.clone());
            assert_eq!(gate.echo("later").unwrap(), "later");
            keeper.open();
            assert_eq!(slow.join().unwrap().unwrap(), 1);
            // it was sent after the slow one, or after the impatient one had left
            assert_eq!(patient.join().unwrap().unwrap(), "patient");
        });
        assert!(connections.count() <= 2);
    });
}

#[test]
fn a_caller_may_leave_in_the_middle_of_its_reply() {
    watchdog(|| {
        // in the frame header of the reply's header, in that header, in the frame of the body
        for at in [1, 20, 45] {
            leave_after(at);
        }
    });
}

/// The first caller leaves after this many bytes of its reply have arrived; the other continues.
fn leave_after(at: usize) {
    let (on_rest, rest_wanted) = mpsc::channel();
    let servers = Scripted::new(
        sharing(1),
        vec![Box::new(move |peer| {
            peer.await_requests(2);
            let bytes = replies(&[1, 2]);
            let (half, rest) = bytes.split_at(at);
            peer.send(half);
            // the test may have failed
            _ = rest_wanted.recv();
            peer.send(rest);
            peer.await_end();
        })],
    );
    thread::scope(|scope| {
        let client = within(&servers.client, SHORT);
        let leaves = scope.spawn(move || number(&client, 1));
        let stays = scope.spawn(|| {
            // the first caller's call is sent first, as soon as there is a connection
            while servers.opened() == 0 {
                thread::yield_now();
            }
            number(&servers.client, 2)
        });
        let late = leaves.join().unwrap();
        on_rest.send(()).unwrap();
        assert_late(&late.unwrap_err());
        assert_eq!(stays.join().unwrap().unwrap(), 2);
    });
}

#[test]
fn a_silent_server_costs_each_caller_its_own_time_and_then_the_connection() {
    watchdog(|| {
        let (on_end, ended) = mpsc::channel();
        let servers = Scripted::new(
            sharing(1),
            vec![
                Box::new(move |peer| {
                    peer.await_end();
                    on_end.send(wire::request_ends(&peer.received).len()).unwrap();
                }),
                Box::new(|peer| _ = answer(peer, 1)),
            ],
        );
        let begun = Instant::now();
        thread::scope(|scope| {
            for caller in 0..8 {
                let client = within(&servers.client, SHORT);
                // calls made after the first have left reach the second server
                scope.spawn(move || {
                    let outcome = number(&client, caller);
                    assert!(
                        outcome.as_ref().is_err_and(|error| matches!(error, Error::Deadline { .. })),
                        "{outcome:?}"
                    );
                });
            }
            assert!(ended.recv().unwrap() <= 8, "nothing is sent twice");
        });
        assert!(begun.elapsed() >= SHORT);
        assert_eq!(number(&servers.client, 9).unwrap(), 9);
        assert_eq!(servers.opened(), 2);
    });
}

#[test]
fn a_call_that_has_not_been_sent_never_ran() {
    watchdog(|| {
        let (go, gone) = mpsc::channel::<()>();
        let gone = std::sync::Mutex::new(gone);
        let (on_connect, connecting) = mpsc::channel();
        let connect = move |_left| {
            on_connect.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
            let (near, far) = memory_pair();
            let (keeper, _) = Keeper::new();
            thread::spawn(move || rpc_core::serve_connection(far, GateServer::new(keeper)));
            Ok(near)
        };
        let client = Client::with_connector("a test", connect, sharing(1));
        thread::scope(|scope| {
            let first = call(scope, &client, |gate| gate.echo("first"));
            connecting.recv().unwrap();
            let error = GateClient::new(within(&client, SHORT)).echo("hasty").unwrap_err();
            assert!(matches!(error, Error::Deadline { operation: Operation::WaitingForConnection, .. }), "{error:?}");
            assert!(error.never_ran() && error.connection_usable());
            go.send(()).unwrap();
            assert_eq!(first.join().unwrap().unwrap(), "first");
        });
    });
}
