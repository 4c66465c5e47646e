//! A listener that is no socket is served as one: limits and a graceful stop included.

use std::thread;
use std::time::Duration;

use rpc_core::{Server, ServerConfig};
use rpc_tests::{ScriptedPeer, watchdog, wire};

use crate::desk::desk;
use crate::service::{Handler, Work, WorkClient, WorkServer, service};

const GRACE: Duration = Duration::from_secs(60);

fn ask(peer: &mut ScriptedPeer) {
    peer.send(&wire::request("echo", 3, "7"));
}

/// Blocks until the test's condition holds.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

#[test]
fn calls_reach_it() {
    watchdog(|| {
        let (desk, door) = desk();
        let server = Server::new(desk).unwrap().spawn(service()).unwrap();
        assert_eq!(server.address().to_string(), "the desk");
        let client = door.client();
        for number in 0..10 {
            assert_eq!(client.echo(number).unwrap(), number);
        }
        WorkClient::close(client).unwrap();
        server.shutdown(GRACE);
        assert!(door.is_closed());
        let error = door.client().echo(1).unwrap_err();
        assert!(error.never_ran() && error.to_string().starts_with("connecting: the desk: "), "{error}");
    });
}

#[test]
fn at_its_limit_a_further_connection_waits_for_a_place() {
    watchdog(|| {
        let (desk, door) = desk();
        let config = ServerConfig::default().max_connections(1);
        let server = Server::new_with(desk, config).unwrap().spawn(service()).unwrap();
        let client = door.client();
        assert_eq!(client.echo(1).unwrap(), 1);
        let mut further = door.peer();
        ask(&mut further);
        for round in 0..200 {
            assert_eq!(client.echo(round).unwrap(), round);
        }
        WorkClient::close(client).unwrap();
        further.await_bytes(6);
        assert_eq!(further.received[0], wire::HEADER);
        server.shutdown(GRACE);
    });
}

/// Clients that hear the Reset connect again at once, and must not reach the server that stops.
#[test]
fn a_stop_closes_it_before_it_resets_who_is_idle_or_waits() {
    watchdog(|| {
        let (desk, door) = desk();
        let (handler, waiting) = Handler::new();
        let config = ServerConfig::default().max_connections(2);
        let server = Server::new_with(desk, config).unwrap().spawn(WorkServer::new(handler)).unwrap();
        let (busy, idle) = (door.client(), door.peer());
        thread::scope(|scope| {
            let call = scope.spawn(|| busy.wait());
            let end = waiting.recv().unwrap();
            until(|| door.accepted() == 2);
            let mut queued: Vec<_> = (0..20).map(|_| door.peer()).collect();
            queued.iter_mut().for_each(ask);

            let stop = scope.spawn(|| server.shutdown(GRACE));
            for mut peer in [idle].into_iter().chain(queued) {
                peer.await_reset();
                assert_eq!(peer.received, wire::reset());
                assert!(door.is_closed());
            }
            end.send(()).unwrap();
            assert_eq!(call.join().unwrap().unwrap(), 0);
            assert_eq!(stop.join().unwrap().cut, 0);
        });
    });
}

#[test]
fn without_a_grace_who_waits_learns_as_well_that_nothing_ran() {
    watchdog(|| {
        let (desk, door) = desk();
        let (handler, waiting) = Handler::new();
        let config = ServerConfig::default().max_connections(1);
        let server = Server::new_with(desk, config).unwrap().spawn(WorkServer::new(handler)).unwrap();
        let busy = door.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| busy.wait());
            let _end = waiting.recv().unwrap();
            let mut queued = door.peer();
            ask(&mut queued);
            assert_eq!(server.shutdown(Duration::ZERO).cut, 1);
            queued.await_end();
            assert_eq!(queued.received, wire::reset());
            call.join().unwrap().unwrap_err();
        });
    });
}
