//! Our client against servers that fall silent, never read, or never end: each limit holds.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use rpc_core::transport::memory_pair;
use rpc_core::{Client, ClientConfig, Error, Operation};
use rpc_tests::{watchdog, wire};
use serde_json::Value;

use crate::{answer_with, json_call, octets_call, ok_header};

/// Limits short enough to notice a silent peer soon, and long enough for a busy machine.
fn impatient() -> ClientConfig {
    let soon = Some(Duration::from_millis(200));
    ClientConfig::default().reply_timeout(soon).stall_timeout(soon).close_timeout(soon).max_json_len(1000)
}

/// Makes a call, which the server answers with these bytes, then with silence.
fn answer<T>(server: &[u8], call: impl FnOnce(&Client) -> T) -> T {
    answer_with(impatient(), server, call)
}

fn deadline(server: &[u8], call: impl FnOnce(&Client) -> Error) -> Operation {
    answer(server, |client| match call(client) {
        Error::Deadline { operation, fate, .. } => {
            assert!(!fate.connection_usable && !fate.never_ran);
            operation
        }
        other => panic!("{other:?}"),
    })
}

#[test]
fn silence_ends_at_the_limit_wherever_it_falls() {
    watchdog(|| {
        let whole = [ok_header(), wire::data("12345")].concat();
        for cut in [0, 3, 6, 20, ok_header().len(), ok_header().len() + 6, whole.len() - 1] {
            let operation = deadline(&whole[..cut], |client| json_call(client).unwrap_err());
            assert_eq!(operation, Operation::WaitingForReply, "silence after {cut} bytes");
        }
    });
}

#[test]
fn silence_inside_a_stream_ends_at_the_stall_limit() {
    watchdog(|| {
        let whole = [wire::header(r#"{"DataType":4,"Error":1}"#), wire::more("abc"), wire::data("")].concat();
        for cut in [wire::messages(&whole)[0].end, whole.len() - 7, whole.len() - 6, whole.len() - 1] {
            let operation = deadline(&whole[..cut], |client| octets_call(client).unwrap_err());
            assert_eq!(operation, Operation::ReadingStream, "silence after {cut} bytes");
        }
    });
}

/// A server that sends these bytes over and over while the client is connected.
fn flood<T>(first: &[u8], again: &[u8], call: impl FnOnce(&Client) -> T) -> T {
    let (mut server, transport) = memory_pair();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut request = [0; 1];
            server.read_exact(&mut request).unwrap();
            let many = again.repeat(64);
            if server.write_all(first).is_ok() {
                while server.write_all(&many).is_ok() {}
            }
        });
        let client = Client::from_transport_with(transport, impatient()).unwrap();
        call(&client)
    })
}

#[test]
fn endless_empty_frames_are_not_progress() {
    watchdog(|| {
        let empty_header = wire::frame(wire::HEADER, false, b"");
        let error = flood(&[], &empty_header, |client| json_call(client).unwrap_err());
        assert!(matches!(error, Error::Deadline { operation: Operation::WaitingForReply, .. }), "{error:?}");

        let error = flood(&ok_header(), &wire::more(""), |client| json_call(client).unwrap_err());
        assert!(matches!(error, Error::Deadline { operation: Operation::WaitingForReply, .. }), "{error:?}");

        let octets = wire::header(r#"{"DataType":4,"Error":1}"#);
        let error = flood(&octets, &wire::more(""), |client| octets_call(client).unwrap_err());
        assert!(matches!(error, Error::Deadline { operation: Operation::ReadingStream, .. }), "{error:?}");
    });
}

#[test]
fn endless_json_ends_at_the_budget() {
    watchdog(|| {
        let error = flood(&ok_header(), &wire::more(" ".repeat(5000)), |client| json_call(client).unwrap_err());
        assert!(matches!(error, Error::Limit { limit: 1000, .. }), "{error:?}");
        assert!(!error.connection_usable());
    });
}

#[test]
fn a_server_that_never_reads_ends_at_the_limit() {
    watchdog(|| {
        let (_deaf, transport) = memory_pair();
        let client = Client::from_transport_with(transport, impatient().max_json_len(1 << 20)).unwrap();
        let error = client.call("x").with(&"y".repeat(1 << 19)).json::<Value>().unwrap_err();
        assert!(matches!(error, Error::Deadline { operation: Operation::Sending, .. }), "{error:?}");
        assert!(error.never_ran(), "its body was not written to the end");

        let (_deaf, transport) = memory_pair();
        let client = Client::from_transport_with(transport, impatient()).unwrap();
        let error = client.call("x").with_octets(std::io::repeat(7)).json::<Value>().unwrap_err();
        assert!(matches!(error, Error::Deadline { operation: Operation::Sending, .. }), "{error:?}");
        assert!(!error.never_ran(), "a handler may have read what was sent");
    });
}
