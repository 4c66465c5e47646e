//! Calls with a value and a stream that fail: refused by the handler or before it, broken, or
//! unknown to the peer.

use std::io::{self, Cursor, Read};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, Error, Misuse, Status};
use rpc_tests::{ScriptedPeer, watchdog, wire};
use serde_json::json;

use crate::fixture::{Record, Refusal, pattern};

use super::service::{Failing, Placed, SIZES, Together, TogetherClient, record, together};

#[test]
fn a_handlers_error_arrives_as_its_value() {
    watchdog(|| {
        let (served, client) = together();
        assert_eq!(client.refuse_to_open(2).err(), Some(Refusal::Poor { missing: 2 }));
        assert_eq!(client.refuse_to_open(0).unwrap().0, 7);
        for size in SIZES {
            assert_eq!(client.refuse(3, &pattern(size)[..]), Err(Refusal::Poor { missing: 3 }), "at {size}");
        }
        // the end of the call ends the upload
        assert_eq!(client.refuse(3, io::repeat(7)), Err(Refusal::Poor { missing: 3 }));
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_handler_that_reads_little_or_nothing_of_the_stream() {
    watchdog(|| {
        let (served, client) = together();
        for size in SIZES {
            assert_eq!(client.refuse(0, &pattern(size)[..]), Ok(7), "at {size}");
            assert_eq!(client.text("next").unwrap(), "next");
        }
        assert_eq!(client.refuse(0, io::repeat(7)), Ok(7));
        assert_eq!(client.first("name", io::repeat(9)).unwrap(), 9);
        assert_eq!(client.text("next").unwrap(), "next");
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_source_that_fails_is_an_error() {
    watchdog(|| {
        let (served, client) = together();
        for length in [0, 1, 300_000] {
            let error = client.store("name", Cursor::new(pattern(length)).chain(Failing)).unwrap_err();
            assert!(matches!(&error, Error::Source { .. }) && error.connection_usable(), "{error:?}");

            let (length_before, mut content) = client.broken(length).unwrap();
            let mut bytes = Vec::new();
            let error = Error::from(content.read_to_end(&mut bytes).unwrap_err());
            assert_eq!(error.remote().expect("the source's own message").message, "the disk is on fire");
            assert_eq!(length_before, length);
            assert!(bytes == pattern(length), "what came before arrives: {} of {length}", bytes.len());
        }
        assert_eq!(client.text("next").unwrap(), "next");
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_value_that_is_not_json() {
    watchdog(|| {
        let (served, client) = together();
        let error = client.unsendable().map(drop).unwrap_err();
        assert_eq!(error.remote().unwrap_or_else(|| panic!("{error:?}")).status, Status::ServerError);
        assert_eq!(client.text("next").unwrap(), "next");
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_wrong_kind_of_body_is_refused_before_the_handler_runs() {
    watchdog(|| {
        let (served, _client) = together();
        let client = served.client();
        let content = || &b"content"[..];
        let refusals = [
            client.call("store").with("name").json::<u32>().map(drop),
            client.call("store").with_octets(content()).json::<u32>().map(drop),
            client.call("store").with("name").with_octets(content()).octets().map(drop),
            client.call("store").with(&5).with_octets(content()).json::<u32>().map(drop),
            client.call("text").with("five").with_octets(content()).json::<String>().map(drop),
            client.call("open").with(&5).octets().map(drop),
            client.call("open").with(&5).json::<Record>().map(drop),
            client.call("open").with(&5).with_octets(content()).json_and_octets::<Record>().map(drop),
        ];
        for (index, refused) in refusals.into_iter().enumerate() {
            let error = refused.unwrap_err();
            assert_eq!(error.remote().unwrap_or_else(|| panic!("{index}: {error}")).status, Status::RequestError);
        }
        assert_eq!(client.call("text").with("five").json::<String>().unwrap(), "five");
    });
}

#[test]
fn a_missing_value_is_null_if_its_type_allows_it() {
    watchdog(|| {
        let (served, _client) = together();
        let client = served.client();
        let record = json!({"name": "n", "tags": null, "size": 1});
        let place = |values| {
            client.call("place").with_named(&values).with_octets(&b"content"[..]).json::<Placed>().map(|it| it.1)
        };
        assert_eq!(place(json!({"record": record, "tags": [], "more": null})).unwrap(), "[] None");
        for (values, complaint) in [
            (json!({"record": record}), "place: the parameter `tags` is missing"),
            (json!({"record": 5, "tags": []}), "place: the parameter `record` does not fit"),
            (json!({"record": record, "tags": [], "more": [1]}), "place: unknown parameter `more`"),
            (json!(["a", "b"]), "place: the request does not fit an object of parameters"),
        ] {
            let error = place(values).unwrap_err();
            let remote = error.remote().unwrap_or_else(|| panic!("{error}"));
            assert_eq!(remote.status, Status::RequestError);
            assert!(remote.message.starts_with(complaint), "{}", remote.message);
        }
    });
}

#[test]
fn options_of_a_client_apply_only_to_its_calls() {
    watchdog(|| {
        let (_served, client) = together();
        let hurried = TogetherClient::with_options(&client, CallOptions::default().timeout(Some(Duration::ZERO)));
        let error = hurried.store("name", Unread).unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }) && error.never_ran(), "{error:?}");
        assert_eq!(client.store("name", &b"content"[..]).unwrap().1, 7);
    });
}

/// A source that must not be read.
struct Unread;

impl Read for Unread {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        panic!("this must not be read")
    }
}

/// An original server would take what it does not know for the next call.
#[test]
fn towards_revision_0_only_a_ping_is_sent() {
    watchdog(|| {
        let (mut peer, near) = ScriptedPeer::new();
        let client = TogetherClient::from_transport(near).unwrap();
        let original = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::refusal(2, "endpoint does not exist"));
            peer.await_requests(2);
            peer.send(&wire::ok_json("\"still there\""));
            peer.await_requests(3);
            peer.send(&wire::close_reply());
            peer.await_end();
            peer.received
        });
        let refused = [
            client.store("name", Unread).map(drop),
            client.place(&record(1), &[], None, Unread).map(drop),
            client.open(1).map(drop),
            client.shift(3, Unread).map(drop),
            client.convert("name", 3, Unread).map(drop),
        ];
        for refused in refused {
            let error = refused.unwrap_err();
            assert!(matches!(error, Error::Misuse(Misuse::NeedsRevision1)), "{error:?}");
            assert!(error.never_ran() && error.connection_usable());
        }
        assert_eq!(client.text("call").unwrap(), "still there");
        TogetherClient::close(client).unwrap();
        let sent: Vec<String> = wire::messages(&original.join().unwrap())
            .into_iter()
            .filter(|message| message.kind != wire::RESET)
            .map(|message| String::from_utf8(message.payload).unwrap())
            .collect();
        assert!(sent[0].contains(r#""Endpoint":"Ping""#) && sent[1].contains(r#""Endpoint":"text""#), "{sent:?}");
        assert!(sent[2] == "\"call\"" && sent[3].contains(r#""Endpoint":"Close""#) && sent.len() == 4, "{sent:?}");
    });
}
