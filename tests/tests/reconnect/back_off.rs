//! How often, and for how long, a client retries to connect to a server that does not listen.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{MemoryStream, Parts, memory_pair};
use rpc_core::{CallOptions, Client, ClientConfig, Error, Operation, Result, Transport, serve_connection};
use rpc_tests::{OriginalServer, Reference, watchdog};

/// Returns a client whose connector fails this many times with this error, and a count of its
/// attempts.
fn failing(times: usize, kind: io::ErrorKind, config: ClientConfig) -> (Client, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let connect = move |_left| -> io::Result<MemoryStream> {
        if counter.fetch_add(1, Ordering::SeqCst) < times {
            return Err(kind.into());
        }
        let (near, far) = memory_pair();
        thread::spawn(move || serve_connection(far, OriginalServer::new(Reference)));
        Ok(near)
    };
    (Client::with_connector("a test", connect, config), asked)
}

/// Returns what the connector of a client with this config is told about the time that it has, when
/// a call makes it connect.
fn time_given(config: ClientConfig, options: CallOptions) -> Option<Duration> {
    let (on_connect, told) = mpsc::channel();
    let connect = move |left| -> io::Result<MemoryStream> {
        on_connect.send(left).unwrap();
        Err(io::ErrorKind::PermissionDenied.into())
    };
    let client = Client::with_connector("nowhere", connect, config.reconnect_attempts(0));
    call(&client.with_options(options)).unwrap_err();
    told.recv().unwrap()
}

fn call(client: &Client) -> Result<u8> {
    client.call("Echo").with(&7).json()
}

fn attempts(count: u32) -> ClientConfig {
    ClientConfig::default().reconnect_attempts(count)
}

fn refused(outcome: Result<u8>, kind: io::ErrorKind) {
    match outcome.unwrap_err() {
        Error::Transport { operation: Operation::Connecting, error, fate } => {
            assert_eq!(error.kind(), kind);
            assert!(fate.never_ran);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_retries_it_gives_up_at_once() {
    watchdog(|| {
        let (client, asked) = failing(usize::MAX, io::ErrorKind::ConnectionRefused, attempts(0));
        refused(call(&client), io::ErrorKind::ConnectionRefused);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn a_connector_is_told_how_much_time_it_has() {
    watchdog(|| {
        let seconds = |count| Some(Duration::from_secs(count));
        let within = |connect, call| {
            let config = ClientConfig::default().connect_timeout(connect);
            time_given(config, CallOptions::default().timeout(call))
        };
        assert_eq!(within(None, None), None);
        assert_eq!(within(seconds(900), None), seconds(900));
        assert_eq!(within(seconds(900), seconds(5000)), seconds(900));
        let left = within(seconds(900), seconds(500)).unwrap();
        assert!(left <= Duration::from_secs(500) && left > Duration::from_secs(300), "{left:?}");
    });
}

/// std refuses to connect within no time.
#[test]
fn a_connector_without_any_time_is_not_asked() {
    watchdog(|| {
        let (client, asked) =
            failing(0, io::ErrorKind::ConnectionRefused, attempts(0).connect_timeout(Some(Duration::ZERO)));
        let error = call(&client).unwrap_err();
        assert!(matches!(error, Error::Deadline { operation: Operation::Connecting, limit: Duration::ZERO, .. }));
        assert_eq!(asked.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn an_error_names_the_connectors_address_once() {
    watchdog(|| {
        for attempts in [0, 2] {
            let config = ClientConfig::default().reconnect_attempts(attempts);
            let refused = |_left| -> io::Result<MemoryStream> { Err(io::ErrorKind::ConnectionRefused.into()) };
            let unprepared = |_left| Ok(Unprepared);
            for client in [
                Client::with_connector("far away", refused, config.clone()),
                Client::with_connector(String::from("far away"), unprepared, config.clone()),
            ] {
                let text = call(&client).unwrap_err().to_string();
                assert!(text.starts_with("connecting: far away: "), "{text}");
                assert_eq!(text.matches("far away").count(), 1, "{text}");
            }
        }
    });
}

/// A transport that cannot be set up.
struct Unprepared;

impl Transport for Unprepared {
    fn into_parts(self) -> io::Result<Parts> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

#[test]
fn exactly_the_configured_retries_are_made() {
    watchdog(|| {
        for count in 1..4 {
            let (client, asked) = failing(usize::MAX, io::ErrorKind::ConnectionRefused, attempts(count));
            refused(call(&client), io::ErrorKind::ConnectionRefused);
            assert_eq!(asked.load(Ordering::SeqCst), count as usize + 1);
        }
    });
}

#[test]
fn a_server_that_starts_between_retries_is_reached() {
    watchdog(|| {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, NotFound};
        for kind in [ConnectionRefused, ConnectionReset, ConnectionAborted, NotFound] {
            let (client, asked) = failing(3, kind, attempts(3));
            assert_eq!(call(&client).unwrap(), 7);
            assert_eq!(call(&client).unwrap(), 7);
            assert_eq!(asked.load(Ordering::SeqCst), 4, "{kind}");
        }
    });
}

#[test]
fn errors_that_waiting_cannot_cure_are_not_retried() {
    watchdog(|| {
        let (client, asked) = failing(usize::MAX, io::ErrorKind::PermissionDenied, attempts(5));
        refused(call(&client), io::ErrorKind::PermissionDenied);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn the_calls_time_limit_bounds_the_pauses() {
    watchdog(|| {
        let (client, asked) = failing(usize::MAX, io::ErrorKind::ConnectionRefused, attempts(1000));
        let client = client.with_options(CallOptions::default().timeout(Some(Duration::from_secs(2))));
        let begin = Instant::now();
        let error = call(&client).unwrap_err();
        assert!(error.never_ran(), "{error:?}");
        match error {
            Error::Transport { operation: Operation::Connecting, error, .. } => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            }
            // the last pause may have taken longer than planned
            Error::Deadline { operation: Operation::Connecting, .. } => {}
            other => panic!("{other:?}"),
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
        assert!((2..1000).contains(&asked.load(Ordering::SeqCst)));
    });
}
