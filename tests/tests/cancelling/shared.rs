//! Calls on shared connections, and pipelines.

use std::sync::mpsc;
use std::thread;

use rpc_core::{CallOptions, CancelToken, ClientConfig, ServerConfig};
use rpc_tests::{TransportKind, watchdog};

use crate::service::{Clerk, Desk, DeskServer, cancelled, next, with_token};

#[test]
fn a_call_that_was_sent_retires_the_connection() {
    watchdog(|| {
        let (clerk, reports) = Clerk::new();
        let config = ClientConfig::default().shared_connections(1);
        let (client, connections) =
            TransportKind::Tcp.serve_with(DeskServer::new(clerk), config, ServerConfig::default(), |near| near);
        let (desk, token) = with_token(&client);
        thread::scope(|scope| {
            let call = scope.spawn(|| desk.wait());
            assert_eq!(reports.recv().unwrap(), "waits");
            // it waits behind the first, and moves to another connection
            let other = scope.spawn(|| next(&client));
            token.cancel();
            assert!(!cancelled(&call.join().unwrap().unwrap_err()).0);
            other.join().unwrap();
        });
        next(&client);
        assert!(connections.count() >= 2);
    });
}

#[test]
fn a_call_that_is_queued_leaves_no_trace() {
    watchdog(|| {
        let (clerk, reports) = Clerk::new();
        // all connections are in use, so a call on a shared one is queued
        let config = ClientConfig::default().shared_connections(1).max_connections(1);
        let (client, connections) =
            TransportKind::Tcp.serve_with(DeskServer::new(clerk.clone()), config, ServerConfig::default(), |near| near);
        let stream = crate::service::DeskClient::new(client.clone()).trickle().unwrap();
        assert_eq!(reports.recv().unwrap(), "at the door");
        let (desk, token) = with_token(&client);
        thread::scope(|scope| {
            let call = scope.spawn(|| desk.echo("never"));
            token.cancel();
            assert_eq!(cancelled(&call.join().unwrap().unwrap_err()), (true, true));
        });
        clerk.open_door();
        drop(stream);
        next(&client);
        assert_eq!(reports.try_iter().collect::<Vec<_>>(), ["echoed"]);
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn all_calls_of_a_pipeline() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (clerk, reports) = Clerk::new();
            let (client, connections) = transport.serve(DeskServer::new(clerk));
            let token = CancelToken::new();
            let cancellable = client.with_options(CallOptions::default().cancel(&token));
            let mut taken = 0;
            let arguments = (0..).map(|number: u64| number.to_string()).inspect(|_| taken += 1);
            let mut replies = cancellable.pipeline::<_, String>("echo", arguments).unwrap();
            assert_eq!(replies.next().unwrap().unwrap(), "0");
            token.cancel();
            let rest: Vec<_> = replies.by_ref().map(Result::unwrap_err).collect();
            drop(replies);
            assert!(!rest.is_empty() && rest.iter().all(|error| cancelled(error) == (false, false)), "{rest:?}");
            // one may have been taken that had no room yet
            assert!((taken - 1 - rest.len()) < 2, "{transport:?}: no further argument is taken");
            next(&client);
            assert_eq!(connections.count(), 2, "{transport:?}");
            assert!(reports.iter().take(2).all(|report| report == "echoed"));
        }
    });
}

/// They would look like the end of the pipeline.
#[test]
fn calls_of_a_pipeline_that_were_not_made() {
    watchdog(|| {
        let (clerk, reports) = Clerk::new();
        let (client, _connections) = TransportKind::Memory.serve(DeskServer::new(clerk));
        let pipeline = |token: &CancelToken, arguments: Vec<String>| {
            let client = client.with_options(CallOptions::default().cancel(token));
            client.pipeline::<_, String>("echo", arguments).unwrap()
        };

        let token = CancelToken::new();
        let mut calls = pipeline(&token, vec!["a".to_owned(), "b".to_owned()]);
        token.cancel();
        assert!(cancelled(&calls.next().unwrap().unwrap_err()).0, "before the first");
        assert!(calls.next().is_none());
        drop(calls);
        assert!(reports.try_recv().is_err(), "nothing ran");

        // one at a time, because each is larger than the window
        let token = CancelToken::new();
        let mut calls = pipeline(&token, vec!["x".repeat(100_000); 10]);
        calls.next().unwrap().unwrap();
        token.cancel();
        let rest: Vec<_> = calls.by_ref().map(Result::unwrap_err).collect();
        assert!(!rest.is_empty() && rest.iter().all(|error| cancelled(error).0 || !error.connection_usable()));
        drop(calls);
        next(&client);
    });
}

/// The first call of the pipeline fails, and the second waits for its reply.
#[test]
fn a_pipeline_that_waits_after_a_call_that_failed() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (clerk, reports) = Clerk::new();
            let (client, _connections) = transport.serve(DeskServer::new(clerk));
            let token = CancelToken::new();
            let cancellable = client.with_options(CallOptions::default().cancel(&token));
            thread::scope(|scope| {
                let (failed, failures) = mpsc::channel();
                let calls = scope.spawn(move || {
                    let mut calls = cancellable.pipeline::<_, ()>("wait_or_fail", [true, false, false]).unwrap();
                    failed.send(calls.next().unwrap().unwrap_err()).unwrap();
                    calls.map(Result::unwrap_err).collect::<Vec<_>>()
                });
                assert_eq!(failures.recv().unwrap().to_string(), "as requested", "{transport:?}");
                assert_eq!(reports.recv().unwrap(), "waits");
                token.cancel();
                let errors = calls.join().unwrap();
                assert_eq!((cancelled(&errors[0]).0, cancelled(&errors[1]).0), (false, false), "{transport:?}");
            });
        }
    });
}
