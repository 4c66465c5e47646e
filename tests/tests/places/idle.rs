//! Idle connections make room.

use std::io::Write;
use std::time::Duration;

use rpc_core::{Ended, ServerConfig};
use rpc_tests::{watchdog, wire};

use crate::service::{Notes, NotesClient, Work, start};

#[test]
fn an_idle_connection_makes_room_and_its_client_calls_again() {
    watchdog(|| {
        let running = start(ServerConfig::default().max_connections(1));
        let (one, other) = (running.client(), running.client());
        // each call finds the only place taken by the other's idle connection
        for number in 0..2 {
            assert_eq!(one.echo(number).unwrap(), number);
            assert_eq!(other.echo(number).unwrap(), number);
        }
        let closed = running.heard.closed.lock().unwrap();
        assert!(!closed.is_empty() && closed.iter().all(|end| *end == Ok(Ended::MadeRoom)), "{closed:?}");
        assert!(running.heard.refused.lock().unwrap().is_empty());
    });
}

/// They held all places until the idle limit, an hour by default.
#[test]
fn silent_connections_do_not_keep_others_out() {
    watchdog(|| {
        let running = start(ServerConfig::default().max_connections(4));
        let mut silent: Vec<_> = (0..4).map(|_| running.raw()).collect();
        silent[0].0.write_all(&wire::request("echo", 3, "7")[..10]).unwrap();
        for number in 0..4 {
            assert_eq!(running.client().echo(number).unwrap(), number);
        }
    });
}

/// It reads the Reset frame, not a broken connection, so it knows that its request never ran.
#[test]
fn a_request_that_crosses_the_reset_hears_that_it_never_ran() {
    watchdog(|| {
        let running = start(ServerConfig::default().max_connections(1));
        let mut idle = running.raw();
        idle.call();
        let mut other = running.raw();
        other.call();
        // the server has closed the connection, and this client does not know that yet
        _ = idle.0.write_all(&wire::request("echo", 3, "8"));
        let mut frame = [0; 6];
        std::io::Read::read_exact(&mut idle.0, &mut frame).unwrap();
        assert_eq!(frame[..], wire::reset());
    });
}

#[test]
fn a_session_makes_room_only_until_its_first_call() {
    watchdog(|| {
        let running = start(ServerConfig::default().max_connections(1));
        let mut unused = NotesClient::connect(running.server.address()).unwrap();
        // this one takes the place of the session that has served nothing
        let mut session = NotesClient::connect(running.server.address()).unwrap();
        assert_eq!(session.count().unwrap(), 1);
        let lost = unused.count().unwrap_err();
        assert!(lost.never_ran(), "{lost:?}");

        let refused = running.client().echo(1).unwrap_err();
        assert_eq!(refused.to_string(), "the server is busy: it serves 1 connections, and no more at a time");
        assert!(refused.never_ran());
        assert_eq!(session.count().unwrap(), 2, "the session is still there");
    });
}

#[test]
fn a_connection_in_a_call_does_not_make_room() {
    watchdog(|| {
        let running = start(ServerConfig::default().max_connections(1));
        let working = running.client();
        std::thread::scope(|scope| {
            let call = scope.spawn(|| working.wait());
            let end = running.waits.recv().unwrap();
            assert!(running.client().echo(1).unwrap_err().never_ran());
            end.send(()).unwrap();
            call.join().unwrap().unwrap();
        });
        assert_eq!(running.client().echo(2).unwrap(), 2);
    });
}

/// It kept its place for 5 s, in which the server waited for its client to close as well.
#[test]
fn a_connection_that_the_server_has_closed_has_no_place() {
    watchdog(|| {
        let config = ServerConfig::default().max_connections(1).idle_timeout(Some(Duration::from_millis(50)));
        let running = start(config);
        let mut idle = running.raw();
        idle.call();
        assert_eq!(idle.rest(), wire::reset());
        let client = running.client();
        assert_eq!(client.echo(1).unwrap(), 1);
        drop(idle);
    });
}
