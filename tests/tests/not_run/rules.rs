//! Where `NotRun` may stand, and as what.

use std::io::Read;

use rpc_core::{Error, Violation};
use rpc_tests::{watchdog, wire};

use crate::script::{Scripted, answers, answers_then};

/// Returns the protocol error with which this reply fails a call, which may have run.
fn violation(reply: &str) -> Violation {
    let servers = Scripted::new(vec![answers_then(0, wire::header(reply)), answers(1)]);
    let error = servers.call().unwrap_err();
    assert!(!error.never_ran() && !error.connection_usable(), "{error:?}");
    assert_eq!(servers.call().unwrap(), 2, "on another connection");
    match error {
        Error::Protocol { violation, .. } => violation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_cannot_stand_with_ok() {
    watchdog(|| {
        for data_type in [1, 3, 4] {
            let reply = format!(r#"{{"DataType":{data_type},"Error":1,"NotRun":true,"Revision":1}}"#);
            assert_eq!(violation(&reply), Violation::OkNotRun);
        }
        assert_eq!(violation(r#"{"Error":7,"NotRun":true}"#), Violation::UnknownStatus { found: 7 });
    });
}

#[test]
fn unset_it_can_stand_with_ok() {
    watchdog(|| {
        for unset in ["false", "null"] {
            let reply = wire::header(&format!(r#"{{"DataType":3,"Error":1,"NotRun":{unset},"Revision":1}}"#));
            let servers = Scripted::new(vec![answers_then(0, [reply, wire::data("2")].concat())]);
            assert_eq!(servers.call().unwrap(), 2);
        }
    });
}

#[test]
fn it_is_a_boolean() {
    watchdog(|| {
        for wrong in ["1", "0", r#""true""#, "[]", r#"true,"NotRun":true"#] {
            let found = violation(&format!(r#"{{"Error":2,"NotRun":{wrong}}}"#));
            assert!(matches!(found, Violation::MalformedHeader { .. }), "{found:?}");
        }
    });
}

/// What a Trailer ends has begun.
#[test]
fn in_a_trailer_it_is_ignored() {
    watchdog(|| {
        let trailer = wire::frame(wire::TRAILER, true, br#"{"Error":4,"ErrorMessage":"no","NotRun":true}"#);
        let servers = Scripted::new(vec![Box::new(move |peer| {
            peer.await_requests(1);
            peer.send(&[wire::ok(4), wire::more("abc"), trailer].concat());
            peer.await_requests(2);
            peer.send(&[wire::ok(3), wire::data("2")].concat());
        })]);
        let mut stream = servers.client.call("x").with(&()).octets().unwrap();
        let error = Error::from(stream.read_to_end(&mut Vec::new()).unwrap_err());
        assert!(error.remote().is_some() && !error.never_ran() && error.connection_usable(), "{error:?}");
        drop(stream);
        assert_eq!(servers.call().unwrap(), 2);
    });
}
