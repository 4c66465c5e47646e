//! How often, and for how long, a client retries to connect to a server that does not listen.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{MemoryStream, memory_pair};
use rpc_core::{CallOptions, Client, ClientConfig, Error, Operation, Result, serve_connection};
use rpc_tests::{OriginalServer, Reference, watchdog};

/// Returns a client whose connector fails this many times with this error, and a count of its
/// attempts.
fn failing(times: usize, kind: io::ErrorKind, config: ClientConfig) -> (Client, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let connect = move || -> io::Result<MemoryStream> {
        if counter.fetch_add(1, Ordering::SeqCst) < times {
            return Err(kind.into());
        }
        let (near, far) = memory_pair();
        thread::spawn(move || serve_connection(far, OriginalServer::new(Reference)));
        Ok(near)
    };
    (Client::with_connector(connect, config), asked)
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
