//! What connections hear for which there is no place.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{ServerConfig, Status};
use rpc_tests::{watchdog, wire};

use crate::service::{Running, Work, start};

/// Runs `test` while all places of a server with this many are taken by calls.
fn while_full(places: usize, test: impl FnOnce(&Running, Vec<mpsc::Sender<()>>)) {
    let running = start(ServerConfig::default().max_connections(places));
    let clients: Vec<_> = (0..places).map(|_| running.client()).collect();
    thread::scope(|scope| {
        let calls: Vec<_> = clients.iter().map(|client| scope.spawn(|| client.wait())).collect();
        let ends = calls.iter().map(|_| running.waits.recv().unwrap()).collect();
        test(&running, ends);
        calls.into_iter().for_each(|call| call.join().unwrap().unwrap());
    });
}

#[test]
fn a_caller_hears_how_busy_the_server_is() {
    watchdog(|| {
        while_full(3, |running, _ends| {
            let error = running.client().echo(1).unwrap_err();
            assert_eq!(error.to_string(), "the server is busy: it serves 3 connections, and no more at a time");
            assert!(error.never_ran() && !error.connection_usable());
            assert_eq!(error.remote().unwrap().status, Status::RequestError);
            assert_eq!(*running.heard.refused.lock().unwrap(), [error.to_string()]);
        });
    });
}

#[test]
fn a_caller_waits_for_a_place_for_a_moment() {
    watchdog(|| {
        while_full(1, |running, ends| {
            let late = running.client();
            thread::scope(|scope| {
                let call = scope.spawn(|| late.echo(5));
                ends.iter().for_each(|end| end.send(()).unwrap());
                assert_eq!(call.join().unwrap().unwrap(), 5);
            });
        });
    });
}

/// More than the server has spare threads: each hears it, some after others.
#[test]
fn many_callers_hear_it() {
    watchdog(|| {
        while_full(1, |running, _ends| {
            let clients: Vec<_> = (0..40).map(|_| running.client()).collect();
            thread::scope(|scope| {
                let calls: Vec<_> = clients.iter().map(|client| scope.spawn(|| client.echo(1))).collect();
                assert!(calls.into_iter().all(|call| call.join().unwrap().unwrap_err().never_ran()));
            });
        });
    });
}

#[test]
fn a_silent_connection_gets_a_reset() {
    watchdog(|| {
        while_full(1, |running, _ends| assert_eq!(running.raw().rest(), wire::reset()));
    });
}

#[test]
fn a_shutdown_does_not_wait_for_those_that_wait_for_a_place() {
    watchdog(|| {
        let Running { server, waits, .. } = start(ServerConfig::default().max_connections(1));
        let [working, waiting] = [(); 2].map(|()| crate::service::WorkClient::connect(server.address()).unwrap());
        thread::scope(|scope| {
            let call = scope.spawn(|| working.wait());
            let end = waits.recv().unwrap();
            let refused = scope.spawn(|| waiting.echo(1));
            let stopping = scope.spawn(|| server.shutdown(Duration::from_secs(30)));
            assert!(refused.join().unwrap().unwrap_err().never_ran());
            end.send(()).unwrap();
            call.join().unwrap().unwrap();
            let report = stopping.join().unwrap();
            assert_eq!((report.finished, report.cut, report.still_running), (1, 0, 0));
        });
    });
}
