//! Our server against clients that break the rules: it answers correctly in bounded time, and the
//! connection is in step or closed.

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use rpc_core::transport::memory_pair;
use rpc_core::{
    Ended, Error, FrameKind, FrameViolation, Operation, Result, ServerConfig, Violation, serve_connection_with,
};
use rpc_tests::{OriginalServer, Reference, pattern, serve_bytes, watchdog, wire};
use serde_json::Value;

/// A small limit for JSON.
fn strict() -> ServerConfig {
    ServerConfig::default().max_json_len(1000)
}

/// Limits short enough to notice a silent peer soon.
fn impatient() -> ServerConfig {
    let soon = Some(Duration::from_millis(200));
    strict().idle_timeout(soon).request_timeout(soon).stall_timeout(soon)
}

fn serve(client: &[u8]) -> (Result<Ended>, Vec<u8>) {
    serve_bytes(client, OriginalServer::new(Reference), strict(), |transport| transport)
}

/// Returns the statuses of the replies that a server sent, and 255 for a Reset frame.
fn statuses(sent: &[u8]) -> Vec<u64> {
    wire::messages(sent)
        .iter()
        .filter_map(|message| match message.kind {
            wire::HEADER => serde_json::from_slice::<Value>(&message.payload).unwrap()["Error"].as_u64(),
            wire::RESET => Some(255),
            _ => None,
        })
        .collect()
}

/// Checks that a client that breaks the protocol gets a Reset and no reply; returns the violation.
fn violation(client: &[u8]) -> Violation {
    violation_answered_with(&wire::reset(), client)
}

fn violation_answered_with(answer: &[u8], client: &[u8]) -> Violation {
    let (ended, sent) = serve(client);
    assert_eq!(sent, answer);
    match ended {
        Err(Error::Protocol { violation, fate }) => {
            assert!(!fate.connection_usable);
            violation
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn wrong_frame_type_in_place_of_a_header() {
    watchdog(|| {
        for (kind, found) in [(wire::DATA, FrameKind::Data), (wire::TRAILER, FrameKind::Trailer)] {
            let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found };
            assert_eq!(violation(&wire::frame(kind, true, b"{}")), expected);
        }
    });
}

#[test]
fn unknown_frame_type() {
    watchdog(|| {
        let expected = Violation::Frame(FrameViolation::UnknownKind { found: b'G' });
        assert_eq!(violation(b"GET / HTTP/1.1\r\n\r\n"), expected);
    });
}

#[test]
fn overlong_frame_is_refused_by_its_header_alone() {
    watchdog(|| {
        for len in [4_194_305_u32, u32::MAX] {
            let client = [&[wire::HEADER, 1], &len.to_le_bytes()[..]].concat();
            let expected = FrameViolation::TooLong { kind: FrameKind::Header, found: len.into(), limit: 4_194_304 };
            assert_eq!(violation(&client), Violation::Frame(expected));
        }
    });
}

#[test]
fn overlong_header() {
    watchdog(|| {
        let client = wire::frame(wire::HEADER, false, &[b' '; 1000]).repeat(5);
        assert_eq!(violation(&client), Violation::HeaderTooLong { limit: 4096 });
    });
}

#[test]
fn garbage_in_place_of_a_header() {
    watchdog(|| {
        for json in ["null", "[]", "", "{}{}", r#"{"Endpoint":"List","Endpoint":"Fail"}"#, r#"{"DataType":-3}"#] {
            assert!(matches!(violation(&wire::header(json)), Violation::MalformedHeader { .. }), "{json}");
        }
        let cut = format!(r#"{{"Endpoint":"{}"#, "x".repeat(4096 - 13));
        assert_eq!(violation(&wire::header(&cut)), Violation::HeaderCut { len: 4096 });
    });
}

/// The JSON library does not check text that it ignores, so an unknown field could hold any bytes:
/// such a request was run.
#[test]
fn a_header_that_is_not_utf_8_in_an_ignored_field() {
    watchdog(|| {
        for json in [
            &b"{\"Endpoint\":\"Echo\",\"DataType\":3,\"Accept\":3,\"Later\":\"\xff\"}"[..],
            b"{\"Endpoint\":\"Echo\",\"Later\":[{\"\xc3\":0}],\"DataType\":3,\"Accept\":3}",
        ] {
            let client = [wire::frame(wire::HEADER, true, json), wire::data("1")].concat();
            let found = violation(&client);
            assert!(matches!(found, Violation::MalformedHeader { len, .. } if len == json.len()), "{found:?}");
        }
    });
}

#[test]
fn a_body_that_is_not_utf_8_in_an_ignored_value() {
    watchdog(|| {
        for json in
            [&b"{\"Prefix\":\"a\",\"Limit\":1,\"Later\":\"\xff\"}"[..], b"{\"Prefix\":\"a\",\"Limit\":1,\"\xc3\":0}"]
        {
            assert_eq!(then_in_step(&[wire::opening("List", 3, 3), wire::data(json)].concat()), 2);
        }
    });
}

/// Makes a bad request, then a good one on the same connection; returns the status of the first.
fn then_in_step(bad: &[u8]) -> u64 {
    let client = [bad, &wire::request("Echo", 3, r#""still here""#), &wire::close_request(), &wire::reset()].concat();
    let (ended, sent) = serve(&client);
    let statuses = statuses(&sent);
    assert_eq!(statuses[1..], [1, 1, 255], "the next call, Close, Reset: {statuses:?}");
    assert_eq!(ended.unwrap(), Ended::Closed);
    assert!(wire::messages(&sent).iter().any(|message| message.payload == br#""still here""#));
    statuses[0]
}

#[test]
fn refused_requests_leave_the_connection_in_step() {
    watchdog(|| {
        let octets = |endpoint: &str| {
            let header = format!(r#"{{"Endpoint":"{endpoint}","DataType":4,"Accept":3}}"#);
            [wire::header(&header), wire::more(pattern(5000)), wire::data("")].concat()
        };
        let accept = |number: u32| wire::request("List", number, r#"{"Prefix":"a","Limit":1}"#);
        let control = |name: &str| wire::header(&format!(r#"{{"Endpoint":"{name}","DataType":2,"Accept":2}}"#));
        for (what, request) in [
            ("an unknown endpoint", wire::request("Nope", 3, "1")),
            ("an unknown endpoint with octets", octets("Nope")),
            ("octets to a method that takes JSON", octets("List")),
            ("JSON to a method that takes octets", wire::request("Receive", 3, "1")),
            ("octets wanted from a method that returns JSON", accept(4)),
            ("an Accept of 0", accept(0)),
            ("an Accept that is unknown", accept(9)),
            ("an Accept of revision 1", accept(5)),
            ("Accept Control", accept(2)),
            ("JSON of another type", wire::request("List", 3, "[]")),
            ("JSON with a field missing", wire::request("List", 3, r#"{"Prefix":"a"}"#)),
            ("not JSON", wire::request("List", 3, "{")),
            ("an empty body", wire::request("List", 3, "")),
            ("two values", wire::request("List", 3, r#"{"Prefix":"a","Limit":1} 2"#)),
            ("JSON that nests too deep", wire::request("Echo", 3, &"[".repeat(500))),
            ("JSON over the limit", wire::request("Echo", 3, &format!(r#""{}""#, "y".repeat(999)))),
            ("an unknown control endpoint", control("Reboot")),
            ("a control endpoint in another case", control("close")),
        ] {
            assert_eq!(then_in_step(&request), 2, "{what}");
        }
    });
}

#[test]
fn white_space_around_json_is_fine() {
    watchdog(|| {
        let header = wire::header(" \n{\"Endpoint\":\"Echo\",\"DataType\":3,\"Accept\":3}\r\n\t ");
        let body = [wire::more(" "), wire::more(" \n[1"), wire::more("]"), wire::data("\n\n")].concat();
        assert_eq!(then_in_step(&[header, body].concat()), 1);
    });
}

#[test]
fn the_extra_frame_after_a_full_header_is_skipped() {
    watchdog(|| {
        let start = r#"{"Endpoint":"Echo","DataType":3,"Accept":3"#;
        let full = format!("{start}{}}}", " ".repeat(4096 - start.len() - 1));
        let request = [wire::header(&full), wire::frame(wire::HEADER, true, b""), wire::data("1")].concat();
        assert_eq!(then_in_step(&request), 1);
        let without = [wire::header(&full), wire::data("1")].concat();
        assert_eq!(then_in_step(&without), 1, "and the server does not wait for it");
    });
}

#[test]
fn data_type_none_is_null_without_a_body() {
    watchdog(|| {
        assert_eq!(then_in_step(&wire::header(r#"{"Endpoint":"Echo","DataType":1,"Accept":3}"#)), 1);
        let client = wire::header(r#"{"Endpoint":"Echo","DataType":1,"Accept":1}"#);
        let (_, sent) = serve(&client);
        assert_eq!(sent, wire::header(r#"{"DataType":1,"Error":1,"Revision":1}"#));
    });
}

#[test]
fn a_body_of_unknown_form_ends_the_connection() {
    watchdog(|| {
        for data_type in [0, 5, 6, 4_294_967_295_u32] {
            let header = format!(r#"{{"Endpoint":"Echo","DataType":{data_type},"Accept":3}}"#);
            let next = wire::request("Fail", 3, r#""must not run""#);
            let (ended, sent) = serve(&[wire::header(&header), wire::data("1"), next].concat());
            assert_eq!(statuses(&sent), [2, 255], "DataType {data_type}");
            assert_eq!(ended.unwrap(), Ended::GivenUp);
        }
    });
}

#[test]
fn frames_of_the_wrong_type_inside_a_request_end_the_connection() {
    watchdog(|| {
        let upload = wire::header(r#"{"Endpoint":"Receive","DataType":4,"Accept":3}"#);
        for (kind, found) in [(wire::HEADER, FrameKind::Header), (wire::TRAILER, FrameKind::Trailer)] {
            let expected = Violation::UnexpectedFrame { expected: FrameKind::Data, found };
            let stream = [upload.clone(), wire::more("abc"), wire::frame(kind, true, b"{}")].concat();
            // no Reset, which would say that the handler has not run
            assert_eq!(violation_answered_with(b"", &stream), expected);
            let json = [
                wire::header(r#"{"Endpoint":"Echo","DataType":3,"Accept":3}"#),
                wire::more("1"),
                wire::frame(kind, true, b"2"),
            ];
            assert_eq!(violation(&json.concat()), expected);
        }
    });
}

#[test]
fn a_data_frame_too_many_is_a_violation() {
    watchdog(|| {
        let client = [wire::request("Echo", 3, "1"), wire::data("2")].concat();
        let (ended, sent) = serve(&client);
        assert_eq!(statuses(&sent), [1, 255]);
        let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found: FrameKind::Data };
        assert!(matches!(ended, Err(Error::Protocol { violation, .. }) if violation == expected));
    });
}

#[test]
fn a_reset_between_calls_is_answered_with_nothing() {
    watchdog(|| {
        let (ended, sent) = serve(&[wire::request("Echo", 3, "1"), wire::reset()].concat());
        assert_eq!(statuses(&sent), [1]);
        assert_eq!(ended.unwrap(), Ended::Reset);
    });
}

/// A client that keeps the connection open and sends nothing more.
fn then_silence(client: &[u8]) -> (Result<Ended>, Vec<u8>) {
    let (mut ours, theirs) = memory_pair();
    thread::scope(|scope| {
        let received = scope.spawn(move || {
            ours.write_all(client).unwrap();
            let mut received = Vec::new();
            ours.read_to_end(&mut received).unwrap();
            received
        });
        let ended = serve_connection_with(theirs, OriginalServer::new(Reference), impatient());
        (ended, received.join().unwrap())
    })
}

#[test]
fn silence_between_calls_ends_at_the_idle_limit() {
    watchdog(|| {
        let (ended, sent) = then_silence(&wire::request("Echo", 3, "1"));
        assert_eq!((ended.unwrap(), statuses(&sent)), (Ended::Idle, vec![1, 255]));
    });
}

#[test]
fn silence_inside_a_request_ends_at_its_limit() {
    watchdog(|| {
        let request = wire::request("Echo", 3, "12345");
        for cut in [1, 6, 20, request.len() - 11, request.len() - 5, request.len() - 1] {
            let (ended, sent) = then_silence(&request[..cut]);
            assert!(
                matches!(ended, Err(Error::Deadline { operation: Operation::ReadingRequest, .. })),
                "after {cut} bytes: {ended:?}"
            );
            assert_eq!(statuses(&sent), [255]);
        }
    });
}

#[test]
fn silence_inside_an_upload_ends_at_the_stall_limit() {
    watchdog(|| {
        let upload = [wire::header(r#"{"Endpoint":"Receive","DataType":4,"Accept":3}"#), wire::more("abc")].concat();
        let (ended, sent) = then_silence(&upload);
        assert!(matches!(ended, Err(Error::Deadline { operation: Operation::ReadingRequest, .. })), "{ended:?}");
        assert!(sent.is_empty(), "a Reset would say that the handler has not run");
    });
}

/// A client that sends these bytes over and over and reads nothing.
fn flood(first: &[u8], again: &[u8]) -> Result<Ended> {
    let (mut ours, theirs) = memory_pair();
    let many = again.repeat(64);
    thread::scope(|scope| {
        scope.spawn(move || {
            if ours.write_all(first).is_ok() {
                while ours.write_all(&many).is_ok() {}
            }
        });
        serve_connection_with(theirs, OriginalServer::new(Reference), impatient())
    })
}

#[test]
fn endless_empty_frames_are_not_progress() {
    watchdog(|| {
        let header = flood(&[], &wire::frame(wire::HEADER, false, b""));
        assert!(matches!(header, Err(Error::Deadline { operation: Operation::ReadingRequest, .. })), "{header:?}");
        let json = flood(&wire::header(r#"{"Endpoint":"Echo","DataType":3,"Accept":3}"#), &wire::more(""));
        assert!(matches!(json, Err(Error::Deadline { operation: Operation::ReadingRequest, .. })), "{json:?}");
        let octets = flood(&wire::header(r#"{"Endpoint":"Receive","DataType":4,"Accept":3}"#), &wire::more(""));
        assert!(matches!(octets, Err(Error::Deadline { operation: Operation::ReadingRequest, .. })), "{octets:?}");
    });
}

#[test]
fn an_endless_unread_body_ends_at_the_budget() {
    watchdog(|| {
        for header in
            [r#"{"Endpoint":"Nope","DataType":4,"Accept":3}"#, r#"{"Endpoint":"Echo","DataType":3,"Accept":3}"#]
        {
            let ended = flood(&wire::header(header), &wire::more(" ".repeat(1 << 16)));
            assert_eq!(ended.unwrap(), Ended::GivenUp, "{header}");
        }
    });
}

#[test]
fn a_client_that_never_reads_ends_at_the_stall_limit() {
    watchdog(|| {
        let (mut ours, theirs) = memory_pair();
        ours.write_all(&wire::request("SendPattern", 4, "1000000000")).unwrap();
        let ended = serve_connection_with(theirs, OriginalServer::new(Reference), impatient());
        assert!(matches!(ended, Err(Error::Deadline { operation: Operation::Sending, .. })), "{ended:?}");
        drop(ours);
    });
}

#[test]
fn a_client_that_is_gone_is_distinguished_from_an_error() {
    watchdog(|| {
        let (ended, _) = serve(&wire::request("Echo", 3, "1"));
        assert_eq!(ended.unwrap(), Ended::HungUp);
        let (ended, _) = serve(&wire::request("Echo", 3, "1")[..50]);
        assert!(
            matches!(&ended, Err(Error::Transport { error, .. }) if error.kind() == io::ErrorKind::UnexpectedEof),
            "{ended:?}"
        );
    });
}
