//! Our client against servers that break the rules: it reports the right error in bounded time, and
//! the connection is in step or closed.

use std::io::Read;
use std::thread;

use rpc_core::{Client, ClientConfig, DataType, Error, FrameKind, FrameViolation, Misuse, Operation, Violation};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::{Value, json};

use crate::{answer_with, json_call, octets_call, ok_header};

/// A small limit for JSON.
fn strict() -> ClientConfig {
    ClientConfig::default().max_json_len(1000)
}

/// Makes a call, which the server answers with these bytes, then with silence.
fn answer<T>(server: &[u8], call: impl FnOnce(&Client) -> T) -> T {
    answer_with(strict(), server, call)
}

/// Returns the protocol error with which these bytes fail a call; checks that the connection is
/// closed.
fn violation(server: &[u8]) -> Violation {
    answer(server, |client| {
        let error = json_call(client).unwrap_err();
        assert!(!error.connection_usable() && !error.never_ran(), "{error:?}");
        assert!(matches!(json_call(client), Err(Error::Misuse(Misuse::Closed))), "the connection is not used again");
        match error {
            Error::Protocol { violation, .. } => violation,
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn wrong_frame_type_in_place_of_a_header() {
    watchdog(|| {
        for (kind, found) in [(wire::DATA, FrameKind::Data), (wire::TRAILER, FrameKind::Trailer)] {
            let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found };
            assert_eq!(violation(&wire::frame(kind, true, b"1")), expected);
        }
    });
}

#[test]
fn wrong_frame_type_in_place_of_a_body() {
    watchdog(|| {
        for (kind, found) in [(wire::HEADER, FrameKind::Header), (wire::TRAILER, FrameKind::Trailer)] {
            let server = [ok_header(), wire::more("1"), wire::frame(kind, true, b"2")].concat();
            let expected = Violation::UnexpectedFrame { expected: FrameKind::Data, found };
            assert_eq!(violation(&server), expected);
        }
    });
}

#[test]
fn unknown_frame_type() {
    watchdog(|| {
        for found in [0x00, 0x04, 0x7f, 0xfe] {
            let expected = Violation::Frame(FrameViolation::UnknownKind { found });
            assert_eq!(violation(&wire::frame(found, true, b"")), expected);
        }
    });
}

#[test]
fn overlong_frame_is_refused_by_its_header_alone() {
    watchdog(|| {
        for len in [4_194_305_u32, u32::MAX] {
            let server = [&ok_header()[..], &[wire::DATA, 1], &len.to_le_bytes()].concat();
            let limit = 4_194_304;
            let expected = FrameViolation::TooLong { kind: FrameKind::Data, found: len.into(), limit };
            assert_eq!(violation(&server), Violation::Frame(expected));
        }
    });
}

#[test]
fn overlong_header_in_one_frame_or_in_many() {
    watchdog(|| {
        let piece = vec![b' '; 1000];
        let many = [wire::frame(wire::HEADER, false, &piece).repeat(4), wire::frame(wire::HEADER, true, &piece[..97])]
            .concat();
        for server in [wire::frame(wire::HEADER, true, &[b' '; 4097]), many] {
            assert_eq!(violation(&server), Violation::HeaderTooLong { limit: 4096 });
        }
    });
}

#[test]
fn garbage_in_place_of_a_header() {
    watchdog(|| {
        for json in ["", "null", "[]", "{", "{}{}", r#"{"Error":1,"Error":1}"#, r#"{"Error":"1"}"#, "\u{0}"] {
            assert!(matches!(violation(&wire::header(json)), Violation::MalformedHeader { .. }), "{json}");
        }
    });
}

/// The JSON library does not check text that it ignores, so an unknown field could hold any bytes:
/// such a reply was accepted.
#[test]
fn a_header_that_is_not_utf_8_in_an_ignored_field() {
    watchdog(|| {
        for json in [
            &b"{\"DataType\":3,\"Error\":1,\"Later\":\"\xff\"}"[..],
            b"{\"Later\":[{\"\xc3\":0}],\"DataType\":3,\"Error\":1}",
        ] {
            let server = [wire::frame(wire::HEADER, true, json), wire::data("1")].concat();
            let found = violation(&server);
            assert!(matches!(found, Violation::MalformedHeader { len, .. } if len == json.len()), "{found:?}");
        }
    });
}

#[test]
fn wrong_status() {
    watchdog(|| {
        for found in [0, 5, 4_000_000_000] {
            let server = wire::header(&format!(r#"{{"DataType":3,"Error":{found}}}"#));
            assert_eq!(violation(&server), Violation::UnknownStatus { found });
        }
    });
}

#[test]
fn ok_with_a_data_type_that_was_not_requested() {
    watchdog(|| {
        for found in [0, 2, 4, 5, 77] {
            let server = wire::header(&format!(r#"{{"DataType":{found},"Error":1}}"#));
            let expected = Violation::ReplyDataType { expected: DataType::MarshaledJson, found };
            assert_eq!(violation(&server), expected);
        }
    });
}

#[test]
fn data_type_none_is_null_without_a_body() {
    watchdog(|| {
        answer(&wire::header(r#"{"DataType":1,"Error":1}"#), |client| {
            assert_eq!(json_call(client).unwrap(), json!(null));
        });
    });
}

/// Answers two calls, and checks that the second succeeds.
fn in_step(first: &[u8], check: impl FnOnce(Error)) {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            peer.await_requests(1);
            peer.send(first);
            peer.await_requests(2);
            peer.send(&wire::ok_json("2"));
        });
        let client = Client::from_transport_with(transport, strict()).unwrap();
        let error = json_call(&client).unwrap_err();
        assert!(error.connection_usable(), "{error:?}");
        check(error);
        assert_eq!(json_call(&client).unwrap(), json!(2), "the next call on the same connection");
    });
}

#[test]
fn garbage_in_place_of_a_json_body_leaves_the_connection_in_step() {
    watchdog(|| {
        for body in ["", " ", "{", "1 2", "12345x", "\u{0}", &"[".repeat(200)] {
            in_step(&wire::ok_json(body), |error| match error {
                Error::Protocol { violation: Violation::MalformedBody(malformed), .. } => {
                    assert_eq!(malformed.what, "the reply of anything");
                    let found = malformed.found;
                    let start = body.get(..5).unwrap_or(body).replace('\u{0}', "\\0");
                    assert!(if body.is_empty() { found == "nothing" } else { found.starts_with(&start) }, "{found}");
                }
                other => panic!("{body}: {other:?}"),
            });
        }
    });
}

#[test]
fn a_json_body_that_is_not_utf_8_in_an_ignored_value_leaves_the_connection_in_step() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                peer.await_requests(1);
                peer.send(&[wire::ok(3), wire::data(b"[\"\xff\"]")].concat());
                peer.await_requests(2);
                peer.send(&wire::ok_json("2"));
            });
            let client = Client::from_transport_with(transport, strict()).unwrap();
            // a caller that wants no value ignores it
            let error = client.call("x").with(&()).json::<serde::de::IgnoredAny>().unwrap_err();
            assert!(error.to_string().contains(r#"found ["\xff"]: invalid utf-8"#), "{error}");
            assert_eq!(json_call(&client).unwrap(), json!(2), "the next call on the same connection");
        });
    });
}

#[test]
fn json_over_the_limit_leaves_the_connection_in_step() {
    watchdog(|| {
        let body = json!("y".repeat(999)).to_string();
        in_step(&wire::ok_json(&body), |error| match error {
            Error::Limit { what, limit, .. } => assert_eq!((&*what, limit), ("JSON reply", 1000)),
            other => panic!("{other:?}"),
        });
    });
}

#[test]
fn request_over_the_limit_is_refused_before_anything_is_sent() {
    watchdog(|| {
        answer(&wire::ok_json("1"), |client| {
            let error = client.call("x").with(&"y".repeat(999)).json::<Value>().unwrap_err();
            assert!(error.never_ran() && error.connection_usable());
            assert!(matches!(error, Error::Limit { size: Some(1001), limit: 1000, .. }), "{error:?}");
            assert_eq!(json_call(client).unwrap(), json!(1));
        });
    });
}

#[test]
fn endpoint_that_fits_no_header_is_refused_before_anything_is_sent() {
    watchdog(|| {
        answer(&wire::ok_json("1"), |client| {
            let error = client.call(&"x".repeat(4096)).with(&()).json::<Value>().unwrap_err();
            assert!(matches!(error, Error::Misuse(Misuse::Encode { .. })), "{error:?}");
            assert_eq!(json_call(client).unwrap(), json!(1));
        });
    });
}

#[test]
fn reset_in_place_of_a_reply_means_that_it_never_ran() {
    watchdog(|| {
        answer(&wire::reset(), |client| {
            let error = json_call(client).unwrap_err();
            assert!(matches!(error, Error::Transport { .. }), "{error:?}");
            assert!(error.never_ran() && !error.connection_usable());
        });
    });
}

#[test]
fn reset_inside_a_stream_is_an_error() {
    watchdog(|| {
        let server = [wire::header(r#"{"DataType":4,"Error":1}"#), wire::more("abc"), wire::reset()].concat();
        answer(&server, |client| {
            let error = octets_call(client).unwrap_err();
            assert!(matches!(error, Error::Transport { operation: Operation::ReadingStream, .. }), "{error:?}");
            assert!(!error.never_ran());
        });
    });
}

#[test]
fn a_failed_stream_stays_failed() {
    watchdog(|| {
        let server = [wire::header(r#"{"DataType":4,"Error":1}"#), wire::more("abc"), wire::reset()].concat();
        answer(&server, |client| {
            let mut stream = client.call("x").with(&()).octets().unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap_err();
            for _ in 0..3 {
                stream.read(&mut [0; 8]).unwrap_err();
            }
        });
    });
}

/// Sends bytes before any request has arrived.
fn unasked(server: &[u8]) -> Error {
    let (mut peer, transport) = ScriptedPeer::new();
    peer.send(server);
    let client = Client::from_transport_with(transport, strict()).unwrap();
    let error = json_call(&client).unwrap_err();
    assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
    drop(client);
    peer.await_end();
    assert_eq!(wire::request_ends(&peer.received), [0; 0], "nothing was sent");
    error
}

#[test]
fn reply_without_a_request() {
    watchdog(|| {
        let reply = wire::ok_json("1");
        let expected = Violation::OutOfTurn { found: reply.len() };
        match unasked(&reply) {
            Error::Protocol { violation, .. } => assert_eq!(violation, expected),
            other => panic!("{other:?}"),
        }
        assert!(matches!(unasked(&wire::reset()), Error::Transport { .. }));
    });
}

#[test]
fn two_replies_to_one_request() {
    watchdog(|| {
        let server = [wire::ok_json("1"), wire::ok_json("2")].concat();
        answer(&server, |client| {
            assert_eq!(json_call(client).unwrap(), json!(1));
            let error = json_call(client).unwrap_err();
            assert!(matches!(error, Error::Protocol { violation: Violation::OutOfTurn { .. }, .. }), "{error:?}");
            assert!(error.never_ran(), "the second reply is given to no call");
        });
    });
}
