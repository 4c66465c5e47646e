//! What other programs see: lines of JSON in octets. To an original program a stream of values is
//! its `io.Reader`, which it reads and writes line by line.

use std::io::{BufRead, BufReader};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, Client, Error, Operation, Result, ServerConfig, values};
use rpc_tests::{ScriptedPeer, TransportKind, serve_bytes, watchdog, wire};

use super::service::{Depot, DepotClient, DepotServer, Entry, Shelf, entries, entry};

fn lines(count: u64) -> String {
    entries(count).iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect()
}

/// Returns the body that a client sends after its header, and what it got for the reply.
fn sent<T: Send + 'static>(reply: Vec<u8>, call: impl FnOnce(DepotClient) -> T + Send + 'static) -> (Vec<u8>, T) {
    let (mut peer, transport) = ScriptedPeer::new();
    let calling = thread::spawn(move || call(DepotClient::new(Client::from_transport(transport).unwrap())));
    assert!(peer.await_requests(1));
    peer.send(&reply);
    let outcome = calling.join().unwrap();
    (wire::messages(&peer.received)[1].payload.clone(), outcome)
}

#[test]
fn an_original_server_reads_lines_and_answers_with_lines() {
    watchdog(|| {
        let (body, summary) =
            sent(wire::ok_json(r#"{"count":3,"bytes":3}"#), |client| client.count(values(entries(3))));
        assert_eq!(String::from_utf8(body).unwrap(), lines(3));
        assert_eq!(summary.unwrap().count, 3);

        let reply = [wire::header(r#"{"DataType":4,"Error":1}"#), wire::more(lines(2)), wire::data("")].concat();
        let (body, read) = sent(reply, |client| client.entries(2).unwrap().collect::<Result<Vec<Entry>>>());
        assert_eq!((body, read.unwrap()), (b"2".to_vec(), entries(2)));
    });
}

#[test]
fn an_original_client_reads_lines_and_sends_lines() {
    watchdog(|| {
        let client = [
            wire::request("entries", 4, "3"),
            wire::header(r#"{"Endpoint":"count","DataType":4,"Accept":3}"#),
            wire::more(lines(2)),
            wire::data(""),
        ];
        let [request, upload] = [&client[..1], &client[1..]].map(<[Vec<u8>]>::concat);
        let serve = |bytes: &[u8]| {
            let (_, sent) = serve_bytes(bytes, DepotServer::new(Shelf), ServerConfig::default(), |transport| transport);
            String::from_utf8(wire::messages(&sent)[1].payload.clone()).unwrap()
        };
        assert_eq!(serve(&request), lines(3));
        assert_eq!(serve(&upload), r#"{"count":2,"bytes":1}"#);
    });
}

/// A client that knows nothing of values reads the same stream as bytes, and the other way round.
#[test]
fn values_and_octets_are_the_same_on_the_wire() {
    watchdog(|| {
        let (client, _) = TransportKind::Tcp.serve(DepotServer::new(Shelf));
        let reader = BufReader::new(client.call("entries").with(&3).octets().unwrap());
        let read: Vec<Entry> = reader.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        assert_eq!(read, entries(3));
        let summary: serde_json::Value = client.call("count").with_octets(lines(3).as_bytes()).json().unwrap();
        assert_eq!(summary["count"], 3);
    });
}

/// Towards a peer of revision 0, what cannot be said ends the connection: it is never taken for a
/// clean end.
#[test]
fn an_original_server_never_takes_a_failed_stream_for_a_complete_one() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let calling = thread::spawn(move || {
            let client = DepotClient::new(Client::from_transport(transport).unwrap());
            client.count(values(entries(2)).chain([Err(Error::new("broken"))]))
        });
        peer.await_end();
        assert_eq!(peer.kinds().last(), Some(&wire::RESET));
        assert!(wire::frames(&peer.received).iter().all(|frame| frame.kind != wire::DATA || !frame.last));
        assert!(matches!(calling.join().unwrap(), Err(Error::Source { .. })));
    });
}

#[test]
fn a_pause_longer_than_the_stall_limit_ends_the_stream_of_that_call() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let client = DepotClient::new(Client::from_transport(transport).unwrap());
        let playing = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&[wire::ok(4), wire::more(lines(1))].concat());
            peer.await_end();
        });
        let limit = Duration::from_millis(50);
        let options = CallOptions::default().stall_timeout(Some(limit));
        let mut stream = DepotClient::with_options(&client, options).entries(2).unwrap();
        assert_eq!(stream.next().unwrap().unwrap(), entry(0));
        let error = stream.next().unwrap().unwrap_err();
        assert!(
            matches!(error, Error::Deadline { operation: Operation::ReadingStream, limit: found, .. } if found == limit),
            "{error:?}"
        );
        assert!(stream.next().is_none());
        drop((stream, client));
        playing.join().unwrap();
    });
}

#[test]
fn a_token_ends_the_wait_for_an_item() {
    watchdog(|| {
        let (mut peer, transport) = ScriptedPeer::new();
        let token = CancelToken::new();
        let options = CallOptions::default().cancel(&token);
        let client = DepotClient::with_options(&DepotClient::new(Client::from_transport(transport).unwrap()), options);
        let playing = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&[wire::ok(4), wire::more(lines(1))].concat());
            peer.await_frames(|frames| frames.last().is_some_and(|frame| frame.kind == wire::TRAILER));
            peer.send(&wire::trailer(2, "cancelled"));
            peer.await_end();
        });
        let mut stream = client.entries(2).unwrap();
        assert_eq!(stream.next().unwrap().unwrap(), entry(0));
        token.cancel();
        let error = stream.next().unwrap().unwrap_err();
        assert!(error.is_cancelled() && error.connection_usable(), "{error:?}");
        assert!(stream.next().is_none());
        drop((stream, client));
        playing.join().unwrap();
    });
}
