//! Requests frame by frame. Callers of revision 0, whose headers do not say what their JSON is, are
//! served by the signature; and where there is no JSON, the field means nothing.

use rpc_core::ServerConfig;
use rpc_tests::{serve_bytes, watchdog, wire};
use serde_json::Value;

use super::depot::{Shown, new, old};

/// Returns what a server of the old trait or the new one sends to a client that sends this.
fn served(is_new: bool, request: &[u8]) -> Vec<wire::Frame> {
    let (config, plain) = (ServerConfig::default(), |transport| transport);
    wire::frames(&match is_new {
        true => serve_bytes(request, new::DepotServer::new(Shown), config, plain).1,
        false => serve_bytes(request, old::DepotServer::new(Shown), config, plain).1,
    })
}

/// Returns what it answers: the JSON, or the message of a refusal.
fn answer_to(is_new: bool, request: &[u8]) -> String {
    let frames = served(is_new, request);
    let header: Value = serde_json::from_slice(&frames[0].payload).unwrap();
    match header["ErrorMessage"].as_str() {
        Some(message) => message.to_owned(),
        None => serde_json::from_slice(&frames[1].payload).unwrap(),
    }
}

/// The same for a request of revision 0.
fn answer(is_new: bool, endpoint: &str, json: &str) -> String {
    answer_to(is_new, &wire::request(endpoint, 3, json))
}

#[test]
fn any_json_is_ignored_by_a_method_without_values() {
    watchdog(|| {
        for json in ["null", "5", r#"{"later":1}"#] {
            assert_eq!(answer(false, "status", json), "status");
        }
    });
}

#[test]
fn one_value_is_bare() {
    watchdog(|| {
        assert_eq!(answer(false, "put", r#""a""#), "put a");
        assert_eq!(answer(true, "status", "true"), "status Some(true)");
        let message = answer(false, "put", r#"{"name":"a"}"#);
        assert!(message.starts_with("put: the parameter `name` does not fit String, found {"), "{message}");
    });
}

#[test]
fn several_values_are_named_and_others_are_ignored() {
    watchdog(|| {
        for json in [r#"{"name":"a"}"#, r#"{"name":"a","later":1}"#, r#"{"name":"a","dry_run":null}"#] {
            assert_eq!(answer(true, "put", json), "put a None");
        }
        assert_eq!(answer(true, "put", r#"{"dry_run":true}"#), "put: the parameter `name` is missing");
        let message = answer(true, "put", r#""a""#);
        assert!(message.starts_with("put: the request does not fit an object of parameters, found \"a\""), "{message}");
    });
}

#[test]
fn the_field_means_nothing_to_revision_0() {
    watchdog(|| {
        let request = wire::header(r#"{"Endpoint":"put","DataType":3,"Accept":3,"Named":true}"#);
        assert_eq!(answer_to(false, &[request, wire::data(r#""a""#)].concat()), "put a");
    });
}

#[test]
fn octets_alone_are_a_call_without_values() {
    watchdog(|| {
        for more in ["", r#","Revision":1"#, r#","Revision":1,"Named":true"#] {
            let request = wire::header(&format!(r#"{{"Endpoint":"digest","DataType":4,"Accept":3{more}}}"#));
            assert_eq!(answer_to(true, &[request, wire::data("some")].concat()), "digest None some");
        }
    });
}

#[test]
fn no_body_is_a_call_without_values() {
    watchdog(|| {
        for more in ["", r#","Revision":1"#, r#","Revision":1,"Named":true"#] {
            let request = |endpoint| format!(r#"{{"Endpoint":"{endpoint}","DataType":1,"Accept":3{more}}}"#);
            assert_eq!(answer_to(true, &wire::header(&request("status"))), "status None");
            assert_eq!(answer_to(true, &wire::header(&request("put"))), "put: the parameter `name` is missing");
        }
    });
}

/// A control request has no body that could be an object.
#[test]
fn the_field_means_nothing_in_a_control_request() {
    watchdog(|| {
        let ping = wire::header(r#"{"Endpoint":"Ping","DataType":2,"Accept":2,"Revision":1,"Named":true}"#);
        let frames = served(true, &[ping, wire::request("status", 3, "null")].concat());
        assert_eq!(frames[0].payload, br#"{"DataType":2,"Error":1,"Revision":1}"#);
        assert_eq!(frames[2].payload, br#""status None""#);
    });
}

#[test]
fn a_field_that_is_not_a_boolean_is_a_violation() {
    watchdog(|| {
        let header = wire::header(r#"{"Endpoint":"status","DataType":3,"Accept":3,"Revision":1,"Named":1}"#);
        let frames = served(true, &[header, wire::data("null")].concat());
        assert_eq!((frames.len(), frames[0].kind), (1, wire::RESET));
    });
}
