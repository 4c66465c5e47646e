//! Peers that send items as no honest one does, and items that are too large: each ends in the
//! right error, on either side.

use std::sync::{Arc, mpsc};
use std::thread;

use rpc_core::{
    CallReport, Client, ClientConfig, Error, ErrorKind, Observer, Result, ServerConfig, Violation, rpc_service, values,
};
use rpc_tests::{ScriptedPeer, TransportKind, serve_bytes, watchdog, wire};
use serde_json::Value;

/// The most bytes of an item.
const LIMIT: usize = 1000;

#[rpc_service]
trait Texts {
    fn long(&self, len: usize) -> Result<impl Iterator<Item = Result<String>>>;
    fn count(&self, texts: impl Iterator<Item = Result<Value>>) -> Result<u64>;
}

#[derive(Clone)]
struct Library;

impl Texts for Library {
    fn long(&self, len: usize) -> Result<impl Iterator<Item = Result<String>>> {
        Ok(values([text(1), text(len), text(2)]))
    }

    fn count(&self, texts: impl Iterator<Item = Result<Value>>) -> Result<u64> {
        texts.map(|text| text.map(|_| 1)).sum()
    }
}

/// Returns a string that takes this many bytes as JSON, and one more.
fn text(len: usize) -> String {
    "x".repeat(len.saturating_sub(2))
}

/// Returns a client and a server of which one side has the limit.
fn texts(client: usize, server: usize) -> (TextsClient, rpc_tests::Connections) {
    let (client, server) = (ClientConfig::default().max_json_len(client), ServerConfig::default().max_json_len(server));
    let (client, connections) = TransportKind::Tcp.serve_with(TextsServer::new(Library), client, server, |near| near);
    let client = TextsClient::new(client);
    // so that it knows that the server understands a Trailer
    client.long(2).unwrap().for_each(drop);
    (client, connections)
}

#[test]
fn items_may_have_as_many_bytes_as_json_and_the_stream_any_number() {
    watchdog(|| {
        let (client, _) = texts(LIMIT, LIMIT);
        let read: Vec<String> = client.long(LIMIT).unwrap().collect::<Result<_>>().unwrap();
        assert_eq!(read[1].len() + 2, LIMIT);
        let many = values((0..1000).map(|_| Value::from(text(LIMIT))));
        assert_eq!(client.count(many).unwrap(), 1000);
    });
}

#[test]
fn no_side_sends_an_item_over_its_limit() {
    watchdog(|| {
        let (client, connections) = texts(usize::MAX, LIMIT);
        let read: Vec<_> = client.long(LIMIT + 1).unwrap().collect();
        let [Ok(_), Err(Error::Remote(error))] = &read[..] else { panic!("{read:?}") };
        assert_eq!(
            error.message,
            "item 2 of the reply of long has 1001 bytes of JSON, 1000 are allowed (`max_json_len`)"
        );
        assert_eq!(connections.count(), 1);

        let (client, connections) = texts(LIMIT, usize::MAX);
        let error = client.count(values([1, LIMIT + 1].map(|len| Value::from(text(len))))).unwrap_err();
        assert!(error.to_string().contains("item 2 of the request of count has 1001 bytes of JSON, 1000"), "{error}");
        assert!(matches!(&error, Error::Source { .. }) && error.connection_usable(), "{error:?}");
        client.long(2).unwrap().for_each(drop);
        assert_eq!(connections.count(), 1);
    });
}

#[test]
fn no_side_takes_an_item_over_its_limit() {
    watchdog(|| {
        let (client, connections) = texts(LIMIT, usize::MAX);
        for len in [LIMIT + 1, 10 * LIMIT, 3_000_000] {
            let mut read: Vec<_> = client.long(len).unwrap().collect();
            let error = read.pop().unwrap().unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Limit { limit: 1000, fate, .. } if fate.connection_usable), "{error:?}");
            assert!(text.starts_with("the JSON of item 2 of the reply of long has more than the 1000 bytes"), "{text}");
            assert_eq!(read.len(), 1, "it ends the stream");
        }
        assert_eq!(connections.count(), 1, "the stream was cancelled");

        let (client, _) = texts(usize::MAX, LIMIT);
        for len in [LIMIT + 1, 3_000_000] {
            let error = client.count(values([1, len, 1].map(|len| Value::from(text(len))))).unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("the JSON of item 2 of the request of count has more than the 1000 bytes"),
                "{text}"
            );
            assert!(error.connection_usable(), "{error:?}");
        }
    });
}

/// Serves a request with this stream, and returns the error that it is answered with.
fn refused(stream: &[u8]) -> String {
    let client = [wire::opening("count", 4, 3), wire::data(stream), wire::close_request(), wire::reset()].concat();
    let config = ServerConfig::default().max_json_len(LIMIT);
    let (ended, sent) = serve_bytes(&client, TextsServer::new(Library), config, |transport| transport);
    ended.unwrap();
    let header = &wire::messages(&sent)[0];
    let header: Value = serde_json::from_slice(&header.payload).unwrap();
    header["ErrorMessage"].as_str().unwrap_or_else(|| panic!("{header}")).to_owned()
}

#[test]
fn a_server_says_what_is_wrong_with_an_item() {
    watchdog(|| {
        let starts = |stream: &[u8], expected: &str| {
            let error = refused(stream);
            assert!(error.contains(expected), "{error}");
        };
        starts(b"1\n\n", "item 2 of the request of count does not fit Value, found nothing: ");
        starts(b"1\n\"\xff\"\n", "item 2 of the request of count does not fit Value, found \"\\xff\": invalid utf-8");
        starts(b"1\n2\n{\n", "item 3 of the request of count does not fit Value, found {: ");
        let deep = [&b"1\n"[..], &b"[".repeat(400), &b"]".repeat(400), b"\n"].concat();
        starts(&deep, "item 2 of the request of count does not fit Value, found [[[[");
        starts(&deep, "recursion limit");
        starts(b"1\n2", "item 2 of the request of count is cut: expected a line break, found the end");
        starts(&b" ".repeat(LIMIT + 1), "item 1 of the request of count has more than the 1000 bytes");
        starts(&b"\n".repeat(1_000_000), "item 1 of the request of count does not fit Value, found nothing");
    });
}

#[test]
fn an_endless_line_ends_at_the_limit() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let playing = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::ok(4));
            // until the client cancels, and then the end that it waits for
            let piece = wire::more(b" ".repeat(10_000));
            for _ in 0..1000 {
                peer.send(&piece);
            }
            peer.send(&wire::trailer(2, "cancelled"));
            peer.await_end();
        });
        let client = Client::from_transport(transport).unwrap();
        let mut stream = client.call("list").values::<u32>().unwrap();
        let error = stream.next().unwrap().unwrap_err();
        assert!(matches!(error, Error::Limit { .. }), "{error:?}");
        assert!(stream.next().is_none());
        drop(client);
        playing.join().unwrap();
    });
}

#[test]
fn a_million_empty_lines_are_a_million_errors() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let playing = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&[wire::ok(4), wire::data(b"\n".repeat(1_000_000))].concat());
            peer.await_end();
        });
        let client = Client::from_transport(transport).unwrap();
        let stream = client.call("list").values::<u32>().unwrap();
        let is_malformed =
            |item: Result<u32>| matches!(item, Err(Error::Protocol { violation: Violation::MalformedBody(_), .. }));
        assert_eq!(stream.map(|item| assert!(is_malformed(item))).count(), 1_000_000);
        drop(client);
        playing.join().unwrap();
    });
}

/// Notes the errors of calls.
struct Errors(mpsc::Sender<Option<ErrorKind>>);

impl Observer for Errors {
    fn call_ended(&self, call: &CallReport<'_>) {
        self.0.send(call.error).unwrap();
    }
}

#[test]
fn an_observer_hears_of_an_item_over_the_limit() {
    watchdog(|| {
        let (tell, told) = mpsc::channel();
        let client = ClientConfig::default().max_json_len(LIMIT).observer(Arc::new(Errors(tell)));
        let (client, _) =
            TransportKind::Tcp.serve_with(TextsServer::new(Library), client, ServerConfig::default(), |near| near);
        let client = TextsClient::new(client);
        assert!(client.long(LIMIT).unwrap().all(|text| text.is_ok()));
        assert_eq!(told.recv().unwrap(), None);
        assert!(client.long(LIMIT + 1).unwrap().last().unwrap().is_err());
        assert_eq!(told.recv().unwrap(), Some(ErrorKind::Limit));
    });
}
