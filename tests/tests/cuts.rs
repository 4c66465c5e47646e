//! A connection is cut after any byte, in either direction: no cut is ever taken for success.

use std::io::Read;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rpc_core::{Client, Error, Result, ServerConfig};
use rpc_tests::{
    Golden, ListRequest, Original, OriginalClient, OriginalServer, Reference, ScriptedPeer, golden_sessions, pattern,
    serve_bytes, watchdog, watchdog_with_limit, wire,
};
use serde_json::Value;

/// A session written for this test: the server's bytes, and the call that they answer.
struct Session {
    name: &'static str,
    server: Vec<u8>,
    call: fn(&Client) -> Result<Outcome>,
    /// The outcome of the call when nothing is cut.
    expected: Outcome,
}

/// The outcome of a call.
#[derive(Debug, PartialEq)]
enum Outcome {
    Value(Value),
    Octets(Vec<u8>),
    /// The other side refused, which is an answer, too.
    Refused(String),
    /// The Close handshake succeeded.
    Closed,
}

fn json_call(client: &Client) -> Result<Outcome> {
    client.call("anything").with(&()).json().map(Outcome::Value)
}

fn octets_call(client: &Client) -> Result<Outcome> {
    let mut bytes = Vec::new();
    client.call("anything").with(&()).octets()?.read_to_end(&mut bytes)?;
    Ok(Outcome::Octets(bytes))
}

fn values_call(client: &Client) -> Result<Outcome> {
    client.call("anything").with(&()).values::<Value>()?.collect::<Result<_>>().map(Outcome::Value)
}

fn close_call(client: &Client) -> Result<Outcome> {
    client.clone().close().map(|()| Outcome::Closed)
}

fn upload_call(client: &Client) -> Result<Outcome> {
    client.call("anything").with_octets(&b"some bytes"[..]).json().map(Outcome::Value)
}

fn sessions() -> Vec<Session> {
    let header = |json: &str| wire::header(json);
    vec![
        Session {
            name: "a number",
            server: wire::ok_json("12345"),
            call: json_call,
            expected: Outcome::Value(Value::from(12345)),
        },
        Session {
            name: "JSON in several frames, with white space and empty frames",
            server: [
                header(r#"{"DataType":3,"Error":1}"#),
                wire::more("[1,"),
                wire::more(""),
                wire::more(" 2]"),
                wire::data(" \n"),
            ]
            .concat(),
            call: json_call,
            expected: Outcome::Value(serde_json::json!([1, 2])),
        },
        Session {
            name: "a header in several frames",
            server: [
                wire::frame(wire::HEADER, false, br#"{"DataType":3,"#),
                wire::frame(wire::HEADER, false, b""),
                wire::frame(wire::HEADER, true, br#""Error":1}"#),
                wire::data("null"),
            ]
            .concat(),
            call: json_call,
            expected: Outcome::Value(Value::Null),
        },
        Session {
            name: "octets in several frames",
            server: [
                header(r#"{"DataType":4,"Error":1}"#),
                wire::more(pattern(300)),
                wire::more(""),
                wire::more(pattern(1)),
                wire::data(pattern(200)),
            ]
            .concat(),
            call: octets_call,
            expected: Outcome::Octets([pattern(300), pattern(1), pattern(200)].concat()),
        },
        Session {
            name: "octets followed by an empty final frame",
            server: [header(r#"{"DataType":4,"Error":1}"#), wire::more(pattern(64)), wire::data("")].concat(),
            call: octets_call,
            expected: Outcome::Octets(pattern(64)),
        },
        Session {
            name: "values in several frames",
            server: [
                header(r#"{"DataType":4,"Error":1}"#),
                wire::more("1\n\"tw"),
                wire::more(""),
                wire::more("o\"\n[3]\n"),
                wire::data("4\n"),
            ]
            .concat(),
            call: values_call,
            expected: Outcome::Value(serde_json::json!([1, "two", [3], 4])),
        },
        Session {
            name: "an upload's reply",
            server: wire::ok_json("10"),
            call: upload_call,
            expected: Outcome::Value(Value::from(10)),
        },
        Session {
            name: "the acknowledgement of Close",
            server: wire::header(r#"{"DataType":2,"Error":1}"#),
            call: close_call,
            expected: Outcome::Closed,
        },
        Session {
            name: "a refusal",
            server: wire::refusal(4, "no"),
            call: json_call,
            expected: Outcome::Refused("no".to_owned()),
        },
    ]
}

/// Runs a call against a server of which only this many bytes arrive.
fn call_with_cut(session: &Session, cut: usize) -> Result<Outcome> {
    let (mut peer, transport) = ScriptedPeer::new();
    let sent = session.server[..cut].to_vec();
    let playing = thread::spawn(move || {
        peer.await_requests(1);
        peer.send(&sent);
    });
    let client = Client::from_transport(transport).unwrap();
    let outcome = match (session.call)(&client) {
        Err(Error::Remote(refusal)) => Ok(Outcome::Refused(refusal.message)),
        outcome => outcome,
    };
    playing.join().unwrap();
    outcome
}

#[test]
fn no_cut_of_a_reply_is_taken_for_success() {
    watchdog(|| {
        let mut cuts = 0;
        for session in sessions() {
            let whole = session.server.len();
            for cut in 0..whole {
                cuts += 1;
                match call_with_cut(&session, cut) {
                    Err(Error::Transport { .. }) => {}
                    other => panic!("{}: cut after {cut} of {whole} bytes: {other:?}", session.name),
                }
            }
            assert_eq!(call_with_cut(&session, whole).unwrap(), session.expected, "{}", session.name);
        }
        println!("{cuts} cuts of replies, none taken for success");
    });
}

/// The requests that a server has received completely.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Vec<String>>>);

impl Witness {
    fn saw(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

impl Original for Witness {
    fn list(&self, request: ListRequest) -> Result<Option<Vec<rpc_tests::Entry>>> {
        self.saw(format!("list {} {}", request.prefix, request.limit));
        Reference.list(request)
    }

    fn echo(&self, value: Value) -> Result<Value> {
        self.saw(format!("echo {}", value.to_string().len()));
        Ok(value)
    }

    fn fail(&self, text: &str) -> Result<()> {
        self.saw(format!("fail {text}"));
        Reference.fail(text)
    }

    fn fail_long(&self, letters: usize) -> Result<()> {
        self.saw(format!("fail_long {letters}"));
        Reference.fail_long(letters)
    }

    fn send_pattern(&self, count: u64) -> Result<impl Read> {
        self.saw(format!("send_pattern {count}"));
        Reference.send_pattern(count)
    }

    fn send_broken(&self, count: u64) -> Result<impl Read> {
        self.saw(format!("send_broken {count}"));
        Reference.send_broken(count)
    }

    fn receive(&self, content: impl Read) -> Result<u64> {
        let count = Reference.receive(content)?;
        self.saw(format!("receive {count}"));
        Ok(count)
    }
}

/// Sends our server the start of a client's bytes; returns what it saw, and how many complete OK
/// replies it sent.
fn serve_cut(client: &[u8]) -> (Vec<String>, usize) {
    let witness = Witness::default();
    let (_ended, sent) =
        serve_bytes(client, OriginalServer::new(witness.clone()), ServerConfig::default(), |transport| transport);
    // a refusal may come as soon as the header is read
    let is_ok = |header: &[u8]| serde_json::from_slice::<Value>(header).is_ok_and(|header| header["Error"] == 1);
    let replies =
        wire::messages(&sent).iter().filter(|message| message.kind == wire::HEADER && is_ok(&message.payload)).count();
    let saw = std::mem::take(&mut *witness.0.lock().unwrap());
    (saw, replies)
}

fn cuts_of(bytes: &[u8]) -> Vec<usize> {
    if bytes.len() < 4096 {
        return (0..bytes.len()).collect();
    }
    let borders = wire::frames(bytes).into_iter().map(|frame| frame.end).chain([0]);
    let mut cuts: Vec<usize> = borders.flat_map(|end| end.saturating_sub(8)..end + 9).collect();
    cuts.retain(|&cut| cut < bytes.len());
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

/// Checks that no request is run or answered before all its bytes have arrived.
fn requests_cut_anywhere(client: &[u8], name: &str) -> usize {
    let ends = wire::request_ends(client);
    let (whole, _) = serve_cut(client);
    let cuts = cuts_of(client);
    for &cut in &cuts {
        let (saw, replies) = serve_cut(&client[..cut]);
        let came = ends.iter().filter(|&&end| end <= cut).count();
        assert!(replies <= came, "{name}: cut after {cut}: {replies} OK replies to {came} requests");
        assert!(saw.len() <= came, "{name}: cut after {cut}: {saw:?} of {came} requests");
        assert_eq!(saw[..], whole[..saw.len()], "{name}: cut after {cut}: not what was sent");
    }
    cuts.len()
}

#[test]
fn no_cut_of_a_request_is_taken_for_one() {
    watchdog(|| {
        let requests = [
            wire::request("List", 3, r#"{"Prefix":"a","Limit":2}"#),
            wire::request("FailLong", 3, "12345"),
            wire::request("SendPattern", 4, "700"),
            wire::header(r#"{"Endpoint":"Receive","DataType":4,"Accept":3}"#),
            wire::more(pattern(40)),
            wire::more(""),
            wire::data(pattern(20)),
            wire::request("Echo", 3, r#"[1, 2, "three"]"#),
            wire::close_request(),
            wire::reset(),
        ]
        .concat();
        let cuts = requests_cut_anywhere(&requests, "our own session");
        println!("{cuts} cuts of requests, none taken for one");
    });
}

#[test]
fn no_cut_of_a_recorded_client_is_taken_for_a_request() {
    // connection by connection, byte by byte
    watchdog_with_limit(Duration::from_secs(300), || {
        let mut cuts = 0;
        for Golden { name, client, .. } in golden_sessions() {
            cuts += requests_cut_anywhere(&client, &name);
        }
        println!("{cuts} cuts of recorded clients");
    });
}

/// Streams of the recorded servers, cut around each frame border, the short ones after each byte.
#[test]
fn no_cut_of_a_recorded_stream_is_taken_for_its_end() {
    watchdog(|| {
        let mut tried = 0;
        for Golden { name, server, .. } in golden_sessions() {
            let count = match name.as_str() {
                "octets-empty" => 0,
                "octets-small" => 1000,
                "octets-4MiB-exact" => 4_194_304,
                "octets-4MiB-plus-1" => 4_194_305,
                _ => continue,
            };
            let messages = wire::messages(&server);
            let end = messages[1].end;
            for cut in cuts_of(&server).into_iter().filter(|&cut| cut < end) {
                tried += 1;
                assert!(stream_with_cut(count, &server[..cut]).is_err(), "{name}: cut after {cut} of {end}");
            }
            assert_eq!(stream_with_cut(count, &server[..end]).unwrap(), count, "{name}");
        }
        println!("{tried} cuts of recorded streams, none taken for the end");
    });
}

fn stream_with_cut(count: u64, server: &[u8]) -> Result<u64> {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            peer.await_requests(1);
            peer.send(server);
        });
        let client = OriginalClient::from_transport(transport)?;
        let stream = client.send_pattern(count)?;
        Ok(stream.copy_to(&mut std::io::sink())?)
    })
}
