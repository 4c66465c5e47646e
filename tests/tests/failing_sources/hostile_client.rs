//! Our server against clients that break the rules for Trailers.

use rpc_core::{Ended, Error, FrameKind, Result, ServerConfig, Violation};
use rpc_tests::{serve_bytes, watchdog, wire};
use wire::{DATA, HEADER, RESET};

use crate::service::taps;

fn serve(client: &[u8]) -> (Result<Ended>, Vec<u8>) {
    let (handler, _told) = taps();
    let (ended, sent) = serve_bytes(client, handler, ServerConfig::default(), |transport| transport);
    (ended, wire::frames(&sent).iter().map(|frame| frame.kind).collect())
}

/// Returns the violation that these bytes are, and the types of the frames that the server sent.
fn violation(client: &[u8]) -> (Violation, Vec<u8>) {
    match serve(client) {
        (Err(Error::Protocol { violation, fate }), kinds) => {
            assert!(!fate.connection_usable);
            (violation, kinds)
        }
        other => panic!("{other:?}"),
    }
}

/// Returns the violation that this Trailer is inside an upload, which gets no reply.
fn in_upload(trailer: &[u8]) -> Violation {
    let (found, kinds) = violation(&[&wire::opening("take", 4, 3), &wire::more([0, 1, 2]), trailer].concat());
    assert!(!kinds.contains(&HEADER), "{kinds:?}");
    found
}

/// The same after a call, where a late cancel may arrive.
fn after_call(trailer: &[u8]) -> Violation {
    let (found, kinds) = violation(&[&wire::opening("echo", 3, 3), &wire::data("\"\""), trailer].concat());
    assert_eq!(kinds, [HEADER, DATA, RESET]);
    found
}

fn of_json(json: &str) -> Vec<u8> {
    wire::frame(wire::TRAILER, true, json.as_bytes())
}

#[test]
fn a_trailer_from_revision_0() {
    watchdog(|| {
        let header = wire::header(r#"{"Endpoint":"take","DataType":4,"Accept":3}"#);
        let (found, _) = violation(&[header, wire::more([0, 1, 2]), wire::trailer(4, "x")].concat());
        let expected = Violation::UnexpectedFrame { expected: FrameKind::Data, found: FrameKind::Trailer };
        assert_eq!(found, expected);

        let (found, kinds) = violation(&[wire::request("echo", 3, "\"\""), wire::trailer(4, "x")].concat());
        let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found: FrameKind::Trailer };
        assert_eq!((found, kinds), (expected, vec![HEADER, DATA, RESET]));
    });
}

#[test]
fn a_trailer_before_any_call() {
    watchdog(|| {
        let (found, kinds) = violation(&wire::trailer(4, "x"));
        let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found: FrameKind::Trailer };
        assert_eq!((found, kinds), (expected, vec![RESET]));
    });
}

#[test]
fn a_status_that_is_not_an_error() {
    watchdog(|| {
        for found in [0, 1, 5, u32::MAX] {
            let trailer = wire::trailer(found, "x");
            assert_eq!(in_upload(&trailer), Violation::TrailerStatus { found });
            assert_eq!(after_call(&trailer), Violation::TrailerStatus { found });
        }
    });
}

#[test]
fn a_trailer_that_is_not_final() {
    watchdog(|| {
        let trailer = wire::frame(wire::TRAILER, false, br#"{"Error":4}"#);
        assert_eq!(in_upload(&trailer), Violation::TrailerNotFinal);
        assert_eq!(after_call(&trailer), Violation::TrailerNotFinal);
    });
}

#[test]
fn a_trailer_that_is_too_long_is_refused_by_its_frame_header_alone() {
    watchdog(|| {
        let head = [&[wire::TRAILER, 1][..], &4097_u32.to_le_bytes()].concat();
        assert_eq!(in_upload(&head), Violation::HeaderTooLong { limit: 4096 });
        assert_eq!(after_call(&head), Violation::HeaderTooLong { limit: 4096 });
    });
}

#[test]
fn garbage_in_a_trailer() {
    watchdog(|| {
        for json in ["", "null", "[4]", "{", r#"{"Error":4}{}"#, r#"{"Error":4,"Error":4}"#, r#"{"Error":"4"}"#] {
            for found in [in_upload(&of_json(json)), after_call(&of_json(json))] {
                assert!(matches!(found, Violation::MalformedHeader { .. }), "{json}: {found:?}");
            }
        }
        let no_utf_8 = wire::frame(wire::TRAILER, true, b"{\"Error\":4,\"Later\":\"\xff\"}");
        for found in [in_upload(&no_utf_8), after_call(&no_utf_8)] {
            assert!(matches!(found, Violation::MalformedHeader { .. }), "{found:?}");
        }
        let cut = of_json(&" ".repeat(4096));
        assert_eq!(in_upload(&cut), Violation::HeaderCut { len: 4096 });
        assert_eq!(after_call(&cut), Violation::HeaderCut { len: 4096 });
    });
}

/// The first ends the request, the second cancels the reply; a third means nothing.
#[test]
fn one_trailer_too_many() {
    watchdog(|| {
        let trailer = wire::trailer(4, "x");
        let upload = [wire::opening("take", 4, 3), wire::more([0, 1, 2]), trailer.clone(), trailer.clone()].concat();
        let next = [wire::opening("echo", 3, 3), wire::data("\"\"")].concat();
        let (ended, kinds) = serve(&[&upload[..], &next].concat());
        assert_eq!((ended.unwrap(), kinds), (Ended::HungUp, vec![HEADER, DATA, HEADER, DATA]));

        let (found, kinds) = violation(&[upload, trailer, next].concat());
        let expected = Violation::UnexpectedFrame { expected: FrameKind::Header, found: FrameKind::Trailer };
        assert_eq!((found, kinds), (expected, vec![HEADER, DATA, RESET]));
    });
}
