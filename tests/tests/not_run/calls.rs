//! A call on a connection of its own.

use std::io;
use std::time::Instant;

use rpc_core::transport::{MemoryStream, Parts, ReadHalf, memory_pair};
use rpc_core::{Client, ClientConfig, Error, Status, Transport};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::Value;

use crate::script::{Scripted, answers, answers_then, assert_never_ran, assert_refused, refusal, refuses};

#[test]
fn a_call_that_is_refused_never_ran() {
    watchdog(|| {
        let servers = Scripted::new(vec![refuses(), refuses(), answers(1)]);
        assert_refused(servers.call());
        assert_eq!(servers.opened(), 1, "whether it is repeated is up to the caller");
        assert_refused(servers.client.call("x").with(&()).octets());
        assert_eq!(servers.call().unwrap(), 2);
        assert_eq!(servers.opened(), 3);
    });
}

#[test]
fn any_error_may_come_with_the_refusal() {
    watchdog(|| {
        for (number, status) in [(2, Status::RequestError), (3, Status::ServerError), (4, Status::Error)] {
            let reply = format!(r#"{{"Error":{number},"ErrorMessage":"no","ErrorDetails":[7],"NotRun":true}}"#);
            let servers = Scripted::new(vec![answers_then(0, wire::header(&reply)), answers(1)]);
            let error = servers.call().unwrap_err();
            assert_never_ran(&error);
            assert_eq!(error.remote().unwrap().status, status);
            assert_eq!(error.details::<Vec<u8>>(), Some(vec![7]));
            assert_eq!(servers.call().unwrap(), 2);
        }
    });
}

#[test]
fn what_is_not_set_refuses_the_request_only() {
    watchdog(|| {
        for unset in ["false", "null"] {
            let reply = format!(r#"{{"Error":2,"ErrorMessage":"no","NotRun":{unset},"Revision":1}}"#);
            let servers = Scripted::new(vec![Box::new(move |peer| {
                peer.await_requests(1);
                peer.send(&wire::header(&reply));
                peer.await_requests(2);
                peer.send(&[wire::ok(3), wire::data("2")].concat());
            })]);
            let error = servers.call().unwrap_err();
            assert!(!error.never_ran() && error.connection_usable(), "{error:?}");
            assert_eq!(servers.call().unwrap(), 2);
        }
    });
}

/// An idle connection that had ended is replaced, and the call repeated. A refusal is not such an
/// end.
#[test]
fn a_refusal_on_a_connection_that_has_served_calls_is_not_repeated_either() {
    watchdog(|| {
        let servers = Scripted::new(vec![answers_then(1, refusal()), answers(1)]);
        assert_eq!(servers.call().unwrap(), 2);
        assert_refused(servers.call());
        assert_eq!(servers.opened(), 1);
        assert_eq!(servers.call().unwrap(), 2);
    });
}

/// The far end is gone before the request is written, but has said why.
fn gone() -> io::Result<MemoryStream> {
    let (mut peer, near) = ScriptedPeer::new();
    peer.send(&refusal());
    Ok(near)
}

#[test]
fn a_write_that_fails_is_explained_by_the_refusal() {
    watchdog(|| {
        let client = Client::with_connector("a server that is gone", |_| gone(), ClientConfig::default());
        assert_refused(client.call("x").with(&()).json::<Value>());
        assert_refused(client.call("x").with_octets(io::repeat(7)).json::<Value>());
        assert_refused(client.call("x").with_octets(io::repeat(7)).octets());
    });
}

/// Of an original server, which cannot know the field.
#[test]
fn an_ordinary_refusal_may_still_have_run() {
    watchdog(|| {
        let servers = Scripted::new(vec![answers_then(0, wire::refusal(2, "full"))]);
        let error = servers.call().unwrap_err();
        assert!(matches!(error, Error::Remote(_)) && !error.never_ran(), "{error:?}");
    });
}

/// Reads as the system does after a router has refused a packet of an established connection.
struct Unreachable;

impl ReadHalf for Unreachable {
    fn read(&mut self, _buf: &mut [u8], _until: Option<Instant>) -> io::Result<usize> {
        // ECONNREFUSED
        Err(io::Error::from_raw_os_error(if cfg!(windows) { 10061 } else { 111 }))
    }
}

/// Its kind alone once meant that a layer had refused the connection.
#[test]
fn a_system_that_refuses_a_packet_does_not_say_that_nothing_ran() {
    watchdog(|| {
        let (near, _far) = memory_pair();
        let parts = Parts { reader: Box::new(Unreachable), ..near.into_parts().unwrap() };
        let client = Client::from_transport(parts).unwrap();
        let error = client.call("x").json::<Value>().unwrap_err();
        assert!(matches!(error, Error::Transport { .. }) && !error.never_ran(), "{error:?}");
    });
}
