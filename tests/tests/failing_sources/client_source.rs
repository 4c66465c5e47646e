//! The client's source fails: the handler gets every byte before, then the message; the caller gets
//! the source's own error.

use std::io::{self, Read};
use std::time::Duration;

use rpc_core::{Client, Error, Status};
use rpc_tests::{TransportKind, watchdog, watchdog_with_limit};

use crate::service::{Broken, COUNTS, FIRE, echo, taps};

/// Sends a stream that fails after `count` bytes.
fn send(client: &Client, endpoint: &str, content: impl Read) -> Error {
    match endpoint {
        "store" => client.call(endpoint).with(&()).with_octets(content).json::<String>(),
        _ => client.call(endpoint).with_octets(content).json::<String>(),
    }
    .unwrap_err()
}

fn own(error: &Error) -> &io::Error {
    match error {
        Error::Source { error, .. } => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_handler_gets_the_error_and_the_connection_stays_usable() {
    watchdog_with_limit(Duration::from_secs(180), || {
        for transport in TransportKind::ALL {
            let (handler, reports) = taps();
            let (client, connections) = transport.serve(handler);
            // after a first reply the server's revision is known
            echo(&client);
            for (endpoint, count) in COUNTS.iter().flat_map(|&count| [("take", count), ("store", count)]) {
                let error = send(&client, endpoint, Broken::after(count));
                assert_eq!((own(&error).kind(), own(&error).to_string().as_str()), (io::ErrorKind::Other, FIRE));
                assert!(error.connection_usable() && !error.never_ran(), "{transport:?}, {endpoint}, {count}");
                let (got, outcome) = reports.recv().unwrap();
                let refusal = outcome.unwrap_err();
                let remote = refusal.remote().unwrap_or_else(|| panic!("{refusal:?}"));
                assert_eq!((got, remote.status, remote.message.as_str()), (count, Status::Error, FIRE));
                echo(&client);
                assert_eq!(connections.count(), 1, "{transport:?}, {endpoint}, {count}");
            }
        }
    });
}

#[test]
fn before_the_first_reply_the_connection_is_closed() {
    watchdog_with_limit(Duration::from_secs(180), || {
        for transport in TransportKind::ALL {
            for count in COUNTS {
                let (handler, reports) = taps();
                let (client, connections) = transport.serve(handler);
                let error = send(&client, "take", Broken::after(count));
                assert_eq!(own(&error).to_string(), FIRE);
                assert!(!error.connection_usable() && !error.never_ran());
                let (got, outcome) = reports.recv().unwrap();
                assert!(got <= count && outcome.is_err(), "an error after {got} of {count} bytes");
                echo(&client);
                assert_eq!(connections.count(), 2);
            }
        }
    });
}

#[test]
fn json_and_octets_ask_first_and_know_the_revision() {
    watchdog_with_limit(Duration::from_secs(180), || {
        for transport in TransportKind::ALL {
            let (handler, reports) = taps();
            let (client, connections) = transport.serve(handler);
            let error = send(&client, "store", Broken::after(7));
            assert!(error.connection_usable());
            assert_eq!(reports.recv().unwrap().0, 7);
            echo(&client);
            assert_eq!(connections.count(), 1);
        }
    });
}

/// A source may fail with any kind of error: none of these is taken for a time limit or a
/// `WouldBlock` of the connection.
#[test]
fn an_error_of_any_kind_is_the_sources_own() {
    watchdog(|| {
        let (handler, reports) = taps();
        let (client, connections) = TransportKind::Memory.serve(handler);
        echo(&client);
        for error in [
            || io::ErrorKind::TimedOut.into(),
            || io::ErrorKind::WouldBlock.into(),
            || io::ErrorKind::BrokenPipe.into(),
            || io::ErrorKind::ConnectionReset.into(),
            || io::ErrorKind::UnexpectedEof.into(),
        ] {
            let error: fn() -> io::Error = error;
            let failure = send(&client, "take", Broken::after(9).with(error));
            assert_eq!(own(&failure).kind(), error().kind());
            assert!(failure.connection_usable());
            let (got, outcome) = reports.recv().unwrap();
            assert_eq!((got, outcome.unwrap_err().to_string()), (9, error().to_string()));
        }
        assert_eq!(connections.count(), 1);
    });
}
