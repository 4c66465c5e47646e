//! The server's source fails: the client gets every byte before, then the message.

use std::io::{self, Read};
use std::time::Duration;

use rpc_core::{Client, Error, Status};
use rpc_tests::{TransportKind, watchdog, watchdog_with_limit};

use crate::service::{COUNTS, FIRE, echo, receive, taps};

/// Runs a check for each transport and each count, then another call on the same connection.
fn everywhere(check: impl Fn(&Client, usize) + Send + 'static) {
    watchdog_with_limit(Duration::from_secs(180), move || {
        for transport in TransportKind::ALL {
            let (client, connections) = transport.serve(taps().0);
            for count in COUNTS {
                check(&client, count);
                echo(&client);
                assert_eq!(connections.count(), 1, "{transport:?}, after {count} bytes");
            }
        }
    });
}

/// Returns how many bytes a stream received, and the refusal that followed.
fn refused(content: impl Read) -> (usize, Status, String) {
    let (count, outcome) = receive(content);
    let error = Error::from(outcome.unwrap_err());
    assert!(error.connection_usable() && !error.never_ran());
    let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
    (count, remote.status, remote.message.clone())
}

#[test]
fn the_source_of_a_stream_fails() {
    everywhere(|client, count| {
        let content = client.call(&format!("give {count}")).with(&()).octets().unwrap();
        assert_eq!(refused(content), (count, Status::Error, FIRE.to_owned()));
    });
}

#[test]
fn the_source_after_json_fails() {
    everywhere(|client, count| {
        let endpoint = format!("open {count}");
        let (value, content) = client.call(&endpoint).with(&()).json_and_octets::<usize>().unwrap();
        assert_eq!(value, count);
        assert_eq!(refused(content), (count, Status::Error, FIRE.to_owned()));
    });
}

#[test]
fn the_source_of_a_stream_panics() {
    everywhere(|client, count| {
        let content = client.call(&format!("panic {count}")).with(&()).octets().unwrap();
        assert_eq!(refused(content), (count, Status::ServerError, "the handler panicked".to_owned()));
    });
}

#[test]
fn a_stream_that_failed_stays_failed_while_its_connection_serves_others() {
    watchdog(|| {
        let (client, connections) = TransportKind::Memory.serve(taps().0);
        let mut content = client.call("give 5").with(&()).octets().unwrap();
        assert_eq!(content.read_to_end(&mut Vec::new()).unwrap_err().to_string(), FIRE);
        for _ in 0..3 {
            echo(&client);
            let again = content.read(&mut [0; 8]).unwrap_err();
            assert_eq!((again.kind(), again.to_string().as_str()), (io::ErrorKind::Other, FIRE));
        }
        assert_eq!(connections.count(), 1);
    });
}
