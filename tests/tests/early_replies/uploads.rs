//! Endless uploads to a handler that stops reading at some byte, over every transport.

use std::time::Duration;

use rpc_core::{Client, Status};
use rpc_tests::{TransportKind, watchdog_with_limit};

use crate::service::{COUNTS, Gate, Upload};

/// Runs a check for each transport and each count, then another call on the same connection.
fn everywhere(check: impl Fn(&Client, usize) + Send + 'static) {
    watchdog_with_limit(Duration::from_secs(180), move || {
        for transport in TransportKind::ALL {
            let (client, connections) = transport.serve(Gate);
            for count in COUNTS {
                check(&client, count);
                let next: String = client.call("echo").with("next").json().unwrap();
                assert_eq!((next.as_str(), connections.count()), ("next", 1), "{transport:?}, after {count} bytes");
            }
        }
    });
}

#[test]
fn a_handler_that_fails_at_byte_n_stops_the_upload() {
    everywhere(|client, count| {
        let call = client.call(&format!("fail {count}")).with_octets(Upload::endless()).json::<()>();
        let error = call.unwrap_err();
        let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!((remote.status, remote.message.clone()), (Status::Error, format!("full at {count}")));
        assert_eq!(error.details::<usize>(), Some(count));
        assert!(error.connection_usable() && !error.never_ran());
    });
}

#[test]
fn a_handler_that_is_satisfied_at_byte_n_stops_the_upload() {
    everywhere(|client, count| {
        let call = client.call(&format!("satisfied {count}")).with_octets(Upload::endless()).json::<String>();
        assert_eq!(call.unwrap(), format!("enough at {count}"));
    });
}

#[test]
fn a_handler_that_fails_after_json_stops_the_upload() {
    everywhere(|client, count| {
        let endpoint = format!("store {count}");
        let call = client.call(&endpoint).with("tape").with_octets(Upload::endless()).json::<()>();
        let error = call.unwrap_err();
        assert_eq!(error.remote().map(|no| no.message.clone()), Some(format!("no room for tape at {count}")));
        assert!(error.connection_usable());
    });
}

#[test]
fn an_unknown_endpoint_stops_the_upload() {
    everywhere(|client, count| {
        let call = client.call(&format!("stare {count}")).with_octets(Upload::endless()).json::<()>();
        let error = call.unwrap_err();
        assert_eq!(error.remote().map(|no| no.status), Some(Status::RequestError));
        assert!(error.connection_usable());
    });
}

#[test]
fn an_upload_may_end_where_the_handler_stops() {
    everywhere(|client, count| {
        let call = client.call(&format!("satisfied {count}")).with_octets(Upload::of(count)).json::<String>();
        assert_eq!(call.unwrap(), format!("enough at {count}"));
        let error = client.call(&format!("fail {count}")).with_octets(Upload::of(count + 1)).json::<()>().unwrap_err();
        assert_eq!(error.details::<usize>(), Some(count));
        assert!(error.connection_usable());
    });
}
