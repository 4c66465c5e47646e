//! An optional parameter more, of methods with a stream.

use std::io::{Cursor, Read};
use std::thread;

use rpc_core::{DataType, Dispatch, Error, Misuse, Status};
use rpc_tests::{ScriptedPeer, watchdog, wire};

use super::depot::{Shown, assert_refused, assert_returns, new, new_client, of_new_server, old, old_client};
use new::Depot as _;
use old::Depot as _;

/// More than the server reads before it refuses.
fn long() -> impl Read {
    std::io::repeat(b'x').take(5_000_000)
}

fn short() -> impl Read {
    Cursor::new("some")
}

#[test]
fn a_stream_to_a_value_and_a_stream_with_an_old_client() {
    watchdog(|| old_client(|depot| assert_returns(depot.digest(short()), "digest None some")));
}

#[test]
fn a_stream_to_a_value_and_a_stream_with_an_old_server() {
    watchdog(|| {
        new_client(|depot| {
            assert_returns(depot.digest(None, short()), "digest some");
            let refusal = "digest: the method takes no values, found \"sha256\"";
            assert_refused(depot.digest(Some("sha256".to_owned()), long()), refusal);
            assert_returns(depot.digest(None, short()), "digest some");
        });
    });
}

#[test]
fn a_value_and_a_stream_to_two_and_a_stream_with_an_old_client() {
    watchdog(|| old_client(|depot| assert_returns(depot.store("a", short()), "store a None some")));
}

#[test]
fn a_value_and_a_stream_to_two_and_a_stream_with_an_old_server() {
    watchdog(|| {
        new_client(|depot| {
            assert_returns(depot.store("a", None, short()), "store a some");
            let refusal = "store: unknown parameter `mode`, there are: name";
            assert_refused(depot.store("a", Some(7), long()), refusal);
            assert_returns(depot.store("a", None, short()), "store a some");
        });
    });
}

#[test]
fn a_value_that_is_not_optional_is_missed_by_name() {
    watchdog(|| {
        let client = of_new_server();
        let call = client.call("store").with_octets(long());
        assert_refused(call.json(), "store: the parameter `name` is missing");
        // there is no stream without octets, so the kind of body is wrong
        let error = client.call("store").with("a").json::<String>().unwrap_err();
        assert!(matches!(&error, Error::Remote(no) if no.status == Status::RequestError), "{error:?}");
    });
}

/// An original server understands no JSON beside a stream, and there is none to send.
#[test]
fn a_stream_to_a_value_and_a_stream_with_an_original_server() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let depot = new::DepotClient::from_transport(transport).unwrap();
        let original = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::refusal(2, "endpoint does not exist"));
            // the header of the upload and its content
            peer.await_frames(|frames| frames.last().is_some_and(|last| last.payload.is_empty() && last.last));
            peer.send(&wire::ok_json("\"digested\""));
            peer.await_end();
            wire::frames(&peer.received).into_iter().map(|frame| frame.payload).collect::<Vec<_>>()
        });
        let error = depot.digest(Some("sha256".to_owned()), long()).unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::NeedsRevision1)), "{error:?}");
        assert_returns(depot.digest(None, short()), "digested");
        drop(depot);
        let sent = original.join().unwrap();
        let header = String::from_utf8(sent[1].clone()).unwrap();
        assert!(header.starts_with(r#"{"Endpoint":"digest","DataType":4,"#) && sent[2] == b"some", "{header}");
    });
}

#[test]
fn contracts_list_one_body_for_each_method() {
    let body = |dispatch: &dyn Dispatch| dispatch.contracts().find("digest").unwrap().1.request_type();
    assert_eq!(body(&old::DepotServer::new(Shown)), DataType::Octets);
    assert_eq!(body(&new::DepotServer::new(Shown)), DataType::MarshaledJsonThenOctets);
}
