//! Recorded sessions of the original program: our server answers its clients, our client
//! understands its servers.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use rpc_core::{Client, ClientConfig, Ended, Error, Result, ServerConfig, Status, Transport, Violation};
use rpc_tests::wire::{self, Message};
use rpc_tests::{
    Golden, ListRequest, Original, OriginalClient, OriginalServer, PieceSize, Piecewise, Reference, ScriptedPeer,
    golden_sessions, pattern, serve_bytes, watchdog, watchdog_with_limit,
};
use serde_json::{Value, json};

/// The time that a busy machine may take for all sessions byte by byte.
const LIMIT: Duration = Duration::from_secs(300);

/// The meaning of a part of a connection, apart from its frames, its JSON text and added header
/// fields.
#[derive(Debug, PartialEq)]
enum Meaning {
    Reply { status: u64, data_type: u64, message: Option<String> },
    Json(Value),
    Octets(Vec<u8>),
    Reset,
}

fn meanings(bytes: &[u8]) -> Vec<Meaning> {
    let mut meanings = Vec::new();
    let mut data_type = 0;
    for Message { kind, payload, .. } in wire::messages(bytes) {
        meanings.push(match kind {
            wire::HEADER => {
                let header: Value = serde_json::from_slice(&payload).expect("a header is JSON");
                let status = header["Error"].as_u64().unwrap_or(0);
                data_type = header["DataType"].as_u64().unwrap_or(0);
                // the text of a handler's error is the handler's, that of others the library's
                let message = (status == 4).then(|| header["ErrorMessage"].as_str().unwrap_or("").to_owned());
                Meaning::Reply { status, data_type, message }
            }
            wire::DATA if data_type == 3 => Meaning::Json(serde_json::from_slice(&payload).expect("a body is JSON")),
            wire::DATA => Meaning::Octets(payload),
            wire::RESET => Meaning::Reset,
            other => panic!("a frame of type {other}"),
        });
    }
    meanings
}

fn ok(data_type: u64) -> Meaning {
    Meaning::Reply { status: 1, data_type, message: None }
}

/// What our server sends where it does not imitate the original.
fn expected_of_our_server(session: &Golden) -> Vec<Meaning> {
    match session.name.as_str() {
        // answers once and stays in step
        "refused-with-body" => {
            vec![Meaning::Reply { status: 2, data_type: 0, message: None }, ok(2), Meaning::Reset]
        }
        // answers nothing to a Reset
        "upload-reset-inside" => Vec::new(),
        // shortens the text
        "error-header-cut" => {
            let start = r#"{"Error":4,"ErrorMessage":"","Revision":1}"#.len() + "…".len();
            let message = Some("x".repeat(4095 - start) + "…");
            vec![Meaning::Reply { status: 4, data_type: 0, message }, ok(2), Meaning::Reset]
        }
        // its header is shorter, so the text fits, without the extra frame
        "error-header-4096" => {
            let message = Some("x".repeat(4028));
            vec![Meaning::Reply { status: 4, data_type: 0, message }, ok(2), Meaning::Reset]
        }
        // sends all it got without an end, so the frames are not a message
        "octets-source-fails" => vec![ok(4), Meaning::Reset],
        // the client hangs up without Close, so there is nobody to send it to
        "json-4MiB-exact" => {
            let mut expected = meanings(&session.server);
            assert_eq!(expected.pop(), Some(Meaning::Reset));
            expected
        }
        _ => meanings(&session.server),
    }
}

fn our_server_answers(session: &Golden, pieces: PieceSize) {
    let service = OriginalServer::new(Reference);
    let (ended, sent) =
        serve_bytes(&session.client, service, ServerConfig::default(), |transport| Piecewise(transport, pieces));
    let name = &session.name;
    let (found, expected) = (meanings(&sent), expected_of_our_server(session));
    assert!(
        found == expected,
        "{name}: expected {:.2000}, found {:.2000}",
        format!("{expected:?}"),
        format!("{found:?}")
    );
    match name.as_str() {
        "octets-source-fails" => {
            assert!(matches!(ended, Err(Error::Source { .. })), "{ended:?}");
            let zeros: usize = wire::frames(&sent).iter().map(|frame| frame.payload.len()).sum();
            let header = wire::frames(&sent)[0].payload.len();
            assert_eq!(zeros - header, 4_194_314, "all that the source yielded arrives");
        }
        "upload-reset-inside" => assert!(ended.is_err_and(|error| !error.connection_usable())),
        "json-4MiB-exact" => assert_eq!(ended.expect(name), Ended::HungUp),
        _ => assert_eq!(ended.expect(name), Ended::Closed, "{name}"),
    }
}

fn in_pieces() -> [PieceSize; 3] {
    [PieceSize::Fixed(usize::MAX), PieceSize::Fixed(1), PieceSize::Random(9000, 17)]
}

#[test]
fn our_server_answers_every_recorded_client() {
    watchdog(|| {
        for session in golden_sessions() {
            our_server_answers(&session, PieceSize::Fixed(usize::MAX));
        }
    });
}

#[test]
fn our_server_answers_every_recorded_client_in_pieces() {
    watchdog_with_limit(LIMIT, || {
        for session in golden_sessions() {
            for pieces in &in_pieces()[1..] {
                our_server_answers(&session, *pieces);
            }
        }
    });
}

/// Returns the server's bytes, cut before each reply. An extra empty header frame belongs to the
/// reply before it.
fn replies(server: &[u8]) -> Vec<Vec<u8>> {
    let mut starts: Vec<usize> = Vec::new();
    let mut before = 0;
    for message in wire::messages(server) {
        if message.kind == wire::HEADER && !message.payload.is_empty() {
            starts.push(before);
        }
        before = message.end;
    }
    let ends = starts.iter().skip(1).copied().chain([server.len()]);
    starts.iter().zip(ends).map(|(&start, end)| server[start..end].to_vec()).collect()
}

/// Replays a server: each reply once its request has arrived completely, and the final Reset at
/// once.
fn play_back(session: &Golden, mut peer: ScriptedPeer) {
    for (index, reply) in replies(&session.server).iter().enumerate() {
        if !peer.await_requests(index + 1) {
            return;
        }
        peer.send(reply);
    }
    peer.await_reset();
}

fn our_client_understands(session: &Golden, pieces: PieceSize) {
    let (peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        scope.spawn(|| play_back(session, peer));
        let client = Client::from_transport_with(Piecewise(transport, pieces), ClientConfig::default()).unwrap();
        calls_of(&session.name, &client);
    });
}

fn list(client: &Client, prefix: &str, limit: u64) -> Result<Option<Vec<rpc_tests::Entry>>> {
    OriginalClient::new(client.clone()).list(ListRequest { prefix: prefix.to_owned(), limit })
}

fn octets(client: &Client, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    OriginalClient::new(client.clone()).send_pattern(count)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn refusal(outcome: Result<()>) -> (Status, String) {
    let error = outcome.unwrap_err();
    let remote = error.remote().unwrap_or_else(|| panic!("not a refusal: {error:?}"));
    (remote.status, remote.message.clone())
}

/// Makes the calls of a recorded client, and checks their outcomes.
fn calls_of(name: &str, client: &Client) {
    let service = OriginalClient::new(client.clone());
    let reference = |prefix: &str, limit| Reference.list(ListRequest { prefix: prefix.to_owned(), limit }).unwrap();
    let close = || client.clone().close().unwrap();
    match name {
        "json-call" => assert_eq!(list(client, "tank", 2).unwrap(), reference("tank", 2)),
        "json-null-reply" => assert_eq!(list(client, "tank", 0).unwrap(), None),
        "header-in-many-frames" => assert_eq!(list(client, "a", 1).unwrap(), reference("a", 1)),
        "pipelined-two-calls" => {
            assert_eq!(list(client, "a", 1).unwrap(), reference("a", 1));
            assert_eq!(list(client, "b", 1).unwrap(), reference("b", 1));
        }
        "json-echo-unicode" => {
            let value = json!({"text": "naïve — 日本語 \0 <&>", "n": -1.5e3, "deep": [[[[1]]]]});
            assert_eq!(service.echo(value.clone()).unwrap(), value);
        }
        "json-4MiB-exact" => {
            let value = json!("y".repeat(4_194_301));
            assert!(service.echo(value.clone()).unwrap() == value, "another text came back");
            // the recorded client hung up here, and its server sent a Reset
            assert!(client.clone().close().is_err_and(|error| matches!(error, Error::Transport { .. })));
            return;
        }
        "handler-error" => {
            assert_eq!(refusal(service.fail("tank/home")), (Status::Error, "handler says no: tank/home".to_owned()));
        }
        "error-header-4095" => assert_eq!(refusal(service.fail_long(4027)), (Status::Error, "x".repeat(4027))),
        "error-header-4096" => assert_eq!(refusal(service.fail_long(4028)), (Status::Error, "x".repeat(4028))),
        "error-header-cut" => {
            let error = service.fail_long(5000).unwrap_err();
            assert!(
                matches!(&error, Error::Protocol { violation: Violation::HeaderCut { len: 4096 }, .. }),
                "{error:?}"
            );
            assert!(!error.connection_usable());
        }
        "octets-empty" => assert_eq!(octets(client, 0).unwrap(), pattern(0)),
        "octets-small" => assert_eq!(octets(client, 1000).unwrap(), pattern(1000)),
        "octets-4MiB-exact" => assert!(octets(client, 4_194_304).unwrap() == pattern(4_194_304)),
        "octets-4MiB-plus-1" => assert!(octets(client, 4_194_305).unwrap() == pattern(4_194_305)),
        "octets-source-fails" => {
            let mut bytes = Vec::new();
            let error = service.send_broken(4_194_314).unwrap().read_to_end(&mut bytes).unwrap_err();
            assert_eq!((bytes.len(), error.kind()), (4_194_304, io::ErrorKind::ConnectionReset));
        }
        "upload-100000" => assert_eq!(service.receive(&pattern(100_000)[..]).unwrap(), 100_000),
        "upload-reset-inside" => {
            let source = io::Cursor::new("half").chain(Failing);
            assert!(
                matches!(service.receive(source), Err(Error::Source { error, .. }) if error.to_string() == "no more")
            );
        }
        "refused-with-body" => {
            let outcome = client.call("Nope").with(&json!({"Prefix": "a", "Limit": 1})).json::<Value>();
            let error = outcome.unwrap_err();
            assert_eq!(error.remote().unwrap().status, Status::RequestError);
            assert!(!error.connection_usable(), "an original server would run the body as the next request");
            assert!(
                list(client, "a", 1).is_err_and(|error| error.never_ran()),
                "nothing more is sent on the connection"
            );
        }
        // our client requests no control endpoint but Close: if a server refuses that, it is an
        // error, not a hang
        "unknown-control" => {
            let error = client.clone().close().unwrap_err();
            assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
            return;
        }
        "close-without-reset" => {}
        other => panic!("unknown session: {other}"),
    }
    close();
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("no more"))
    }
}

#[test]
fn our_client_understands_every_recorded_server() {
    watchdog(|| {
        for session in golden_sessions() {
            our_client_understands(&session, PieceSize::Fixed(usize::MAX));
        }
    });
}

#[test]
fn our_client_understands_every_recorded_server_in_pieces() {
    watchdog_with_limit(LIMIT, || {
        for session in golden_sessions() {
            for pieces in &in_pieces()[1..] {
                our_client_understands(&session, *pieces);
            }
        }
    });
}

/// Our requests are what the original client sent, except for JSON text and zero fields.
#[test]
fn our_client_sends_what_the_original_sent() {
    watchdog(|| {
        for session in golden_sessions().iter().filter(|session| session.name.starts_with("json-call")) {
            let (mut peer, transport) = ScriptedPeer::new();
            let replies = replies(&session.server);
            let received = thread::scope(|scope| {
                let peer = scope.spawn(move || {
                    for (index, reply) in replies.iter().enumerate() {
                        assert!(peer.await_requests(index + 1));
                        peer.send(reply);
                    }
                    peer.await_end();
                    peer.received
                });
                let client = Client::from_transport(transport.into_parts().unwrap()).unwrap();
                calls_of(&session.name, &client);
                drop(client);
                peer.join().unwrap()
            });
            let parse = |bytes: &[u8]| {
                wire::messages(bytes)
                    .into_iter()
                    .map(|message| (message.kind, serde_json::from_slice::<Value>(&message.payload).ok()))
                    .map(|(kind, value)| (kind, value.map(without_empty_fields)))
                    .collect::<Vec<_>>()
            };
            assert_eq!(parse(&received), parse(&session.client));
        }
    });
}

/// Removes empty fields, and those of revision 1.
fn without_empty_fields(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|name, value| {
            let empty = *value == json!(0) || *value == json!("");
            let added = ["Revision", "TimeoutMs"].contains(&name.as_str());
            let zero = ["Error", "ErrorMessage"].contains(&name.as_str()) && empty;
            !added && !zero
        });
    }
    value
}
