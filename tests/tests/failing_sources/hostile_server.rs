//! Our client against servers that break the rules for Trailers.

use std::io::Read;
use std::thread;

use rpc_core::{Client, Error, FrameKind, Misuse, Violation};
use rpc_tests::{ScriptedPeer, watchdog, wire};

/// Answers a call with these bytes. Passes the stream's error to `then`, returns the bytes before.
fn stream(reply: &[u8], then: impl FnOnce(&Client, Error)) -> Vec<u8> {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            peer.await_requests(1);
            peer.send(reply);
            peer.await_end();
        });
        let client = Client::from_transport(transport).unwrap();
        let mut bytes = Vec::new();
        let mut content = client.call("x").with(&()).octets().unwrap();
        let error = content.read_to_end(&mut bytes).unwrap_err();
        then(&client, Error::from(error));
        bytes
    })
}

fn violation(header: &[u8], trailer: &[u8]) -> Violation {
    let mut found = None;
    let bytes = stream(&[header, &wire::more("abc"), trailer].concat(), |client, error| {
        assert!(!error.connection_usable() && !error.never_ran(), "{error:?}");
        let next = client.call("x").with(&()).json::<u8>().unwrap_err();
        assert!(matches!(next, Error::Misuse(Misuse::Closed)), "{next:?}");
        match error {
            Error::Protocol { violation, .. } => found = Some(violation),
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(bytes, b"abc", "what came before arrives");
    found.unwrap()
}

fn of_json(json: &str) -> Vec<u8> {
    wire::frame(wire::TRAILER, true, json.as_bytes())
}

#[test]
fn a_trailer_from_revision_0() {
    watchdog(|| {
        let header = wire::header(r#"{"DataType":4,"Error":1}"#);
        let expected = Violation::UnexpectedFrame { expected: FrameKind::Data, found: FrameKind::Trailer };
        assert_eq!(violation(&header, &wire::trailer(4, "x")), expected);
    });
}

#[test]
fn a_status_that_is_not_an_error() {
    watchdog(|| {
        for found in [0, 1, 5, u32::MAX] {
            assert_eq!(violation(&wire::ok(4), &wire::trailer(found, "x")), Violation::TrailerStatus { found });
        }
        assert_eq!(violation(&wire::ok(4), &of_json("{}")), Violation::TrailerStatus { found: 0 });
    });
}

#[test]
fn a_trailer_that_is_not_final() {
    watchdog(|| {
        let first = wire::frame(wire::TRAILER, false, br#"{"Error":4,"#);
        let second = of_json(r#""ErrorMessage":"x"}"#);
        assert_eq!(violation(&wire::ok(4), &[first, second].concat()), Violation::TrailerNotFinal);
    });
}

#[test]
fn a_trailer_that_is_too_long_is_refused_by_its_frame_header_alone() {
    watchdog(|| {
        let head = [&[wire::TRAILER, 1][..], &4097_u32.to_le_bytes()].concat();
        assert_eq!(violation(&wire::ok(4), &head), Violation::HeaderTooLong { limit: 4096 });
    });
}

#[test]
fn garbage_in_a_trailer() {
    watchdog(|| {
        for json in ["", "null", "[4]", "{", r#"{"Error":4}{}"#, r#"{"Error":4,"Error":4}"#, r#"{"Error":"4"}"#] {
            let found = violation(&wire::ok(4), &of_json(json));
            assert!(matches!(found, Violation::MalformedHeader { len, .. } if len == json.len()), "{json}: {found:?}");
        }
        let no_utf_8 = b"{\"Error\":4,\"Later\":\"\xff\"}";
        let found = violation(&wire::ok(4), &wire::frame(wire::TRAILER, true, no_utf_8));
        assert!(matches!(found, Violation::MalformedHeader { .. }), "{found:?}");
        let cut = violation(&wire::ok(4), &of_json(&" ".repeat(4096)));
        assert_eq!(cut, Violation::HeaderCut { len: 4096 });
    });
}

#[test]
fn a_trailer_of_the_full_size_is_fine() {
    watchdog(|| {
        let json = r#"{"Error":4,"ErrorMessage":"x","Unknown":[]}"#;
        let padded = format!("{json}{}", " ".repeat(4096 - json.len()));
        let reply = [wire::ok(4), wire::more("abc"), of_json(&padded)].concat();
        let bytes = stream(&reply, |_, error| {
            assert_eq!(error.remote().unwrap().message, "x");
            assert!(error.connection_usable());
        });
        assert_eq!(bytes, b"abc");
    });
}

#[test]
fn a_second_trailer_is_out_of_turn() {
    watchdog(|| {
        let one = wire::trailer(4, "x");
        let reply = [wire::ok(4), wire::more("abc"), one.clone(), one.clone()].concat();
        stream(&reply, |client, error| {
            assert_eq!(error.remote().unwrap().message, "x");
            let next = client.call("x").with(&()).json::<u8>().unwrap_err();
            assert!(next.never_ran() && !next.connection_usable());
            match next {
                Error::Protocol { violation: Violation::OutOfTurn { found }, .. } => assert_eq!(found, one.len()),
                other => panic!("{other:?}"),
            }
        });
    });
}

#[test]
fn a_trailer_where_a_reply_belongs() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                peer.await_requests(1);
                peer.send(&[wire::ok(3), wire::data("1")].concat());
                peer.await_requests(2);
                peer.send(&wire::trailer(4, "x"));
                peer.await_end();
            });
            let client = Client::from_transport(transport).unwrap();
            client.call("x").with(&()).json::<u8>().unwrap();
            let error = client.call("x").with(&()).json::<u8>().unwrap_err();
            let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found: FrameKind::Trailer };
            assert!(matches!(error, Error::Protocol { violation, .. } if violation == expected));
        });
    });
}
