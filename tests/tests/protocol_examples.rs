//! The examples of PROTOCOL.md: our server answers them, and our client sends them, byte for byte.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;

use rpc_core::{
    Address, Call, Client, ClientConfig, Contract, Contracts, DataType, Dispatch, Error, Method, OctetReader, Refused,
    Result, Served, Server, ServerConfig, rpc_service, values,
};
use rpc_tests::protocol::examples;
use rpc_tests::{
    ListRequest, Original, OriginalClient, OriginalServer, Reference, ScriptedPeer, serve_bytes, watchdog,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The service of the examples of section 5.
#[rpc_service(rename_all = "PascalCase")]
trait Parameters {
    fn put(&self, name: &str, size: Option<u32>) -> Result<u32>;
    fn save(&self, name: Option<String>, content: impl Read) -> Result<u64>;
    fn count(&self, to: u32) -> Result<impl Iterator<Item = Result<Number>>>;
    fn sum(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<u32>;
}

#[derive(Serialize, Deserialize)]
struct Number {
    number: u32,
}

impl Parameters for Reference {
    fn put(&self, name: &str, size: Option<u32>) -> Result<u32> {
        Ok(u32::try_from(name.len()).expect("a short name") + size.unwrap_or(0))
    }

    fn save(&self, _name: Option<String>, mut content: impl Read) -> Result<u64> {
        Ok(io::copy(&mut content, &mut io::sink())?)
    }

    fn count(&self, to: u32) -> Result<impl Iterator<Item = Result<Number>>> {
        let too_many = || Error::with_details("too many", &json!({"most": 1}));
        Ok((0..to).map(move |number| if to > 100 && number > 0 { Err(too_many()) } else { Ok(Number { number }) }))
    }

    fn sum(&self, numbers: impl Iterator<Item = Result<Number>>) -> Result<u32> {
        numbers.map(|number| number.map(|number| number.number)).sum()
    }
}

/// The original's service, and what the examples of revision 1 need in addition.
struct Examples(OriginalServer<Reference>);

impl Dispatch for Examples {
    fn contracts(&self) -> Contracts {
        self.0.contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "Store" => {
                call.takes_json_and_octets().returns_json(|(_name, mut content): (String, OctetReader<'static>)| {
                    Ok::<_, Error>(io::copy(&mut content, &mut io::sink())?)
                })
            }
            "Refuse" => call.takes_octets().returns_json(|_content| {
                Err::<(), _>(Error::with_details("disk full", &json!({"Full": {"needed": 7}})))
            }),
            "Put" | "Save" | "Count" | "Sum" => ParametersServer::new(Reference).dispatch(call),
            _ => self.0.dispatch(call),
        }
    }
}

/// Returns what a server sends that serves this client.
fn served(client: &[u8]) -> Vec<u8> {
    let service = Examples(OriginalServer::new(Reference));
    serve_bytes(client, service, ServerConfig::default(), |transport| transport).1
}

/// Returns what a server sends that describes itself to this client.
fn described(client: &[u8]) -> Vec<u8> {
    serve_bytes(client, Described, ServerConfig::default().describe(true), |transport| transport).1
}

/// The service of the example of section 8.
struct Described;

const DEPOT: Contract = Contract::new("Depot").docs("Keeps things.").methods(&[Method::new("store")
    .aliases(&["put"])
    .request(DataType::MarshaledJsonThenOctets)
    .parameters(&["name", "content"])]);

impl Dispatch for Described {
    fn contracts(&self) -> Contracts {
        Contracts::from(&DEPOT)
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.unknown_endpoint()
    }
}

/// Returns what a server sends that refuses this client.
fn refused(client: &[u8]) -> Vec<u8> {
    let refuse = |_: &_| Err::<OriginalServer<Reference>, _>(Refused::new("members only"));
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn_with(refuse).unwrap();
    let Address::Tcp(place) = server.address() else { panic!("{}", server.address()) };
    let mut client_side = TcpStream::connect(place).unwrap();
    client_side.write_all(client).unwrap();
    let mut sent = Vec::new();
    client_side.read_to_end(&mut sent).unwrap();
    sent
}

#[test]
fn our_server_answers_each_example() {
    watchdog(|| {
        for example in examples("call") {
            let client = example.side('C');
            let sent = match example.name.as_str() {
                "describe" => described(&client),
                name if name.starts_with("refused") => refused(&client),
                _ => served(&client),
            };
            let (sent, expected) = (sent.escape_ascii().to_string(), example.side('S').escape_ascii().to_string());
            assert_eq!(sent, expected, "{}", example.name);
        }
    });
}

#[test]
fn our_client_sends_each_example() {
    watchdog(|| {
        let examples = examples("call");
        assert_eq!(examples.len(), 21, "an example of PROTOCOL.md is missing, or new");
        for example in examples {
            let (peer, transport) = ScriptedPeer::new();
            let expected = example.side('C');
            let (answered, answers) = mpsc::channel();
            let received = thread::scope(|scope| {
                let turns = &example.turns;
                let peer = scope.spawn(move || play(peer, turns, &answered));
                // without a deadline, so that none is sent to the server
                let config = ClientConfig::default().reply_timeout(None);
                let client = Client::from_transport_with(transport, config).unwrap();
                make_call(&example.name, &client, &answers);
                drop(client);
                peer.join().unwrap()
            });
            // after the call of the example the client sends Close
            let received = &received[..expected.len().min(received.len())];
            assert_eq!(received.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{}", example.name);
        }
    });
}

/// Plays the server: sends each of its lines once the client's bytes before it have arrived, and
/// reports each.
fn play(mut peer: ScriptedPeer, turns: &[(char, Vec<u8>)], spoken: &mpsc::Sender<()>) -> Vec<u8> {
    let mut due = 0;
    for (side, bytes) in turns {
        if *side == 'C' {
            due += bytes.len();
            continue;
        }
        peer.await_bytes(due);
        peer.send(bytes);
        // the example may not use the reports
        _ = spoken.send(());
    }
    peer.await_end();
    peer.received
}

/// Makes the call of an example.
fn make_call(name: &str, client: &Client, answers: &mpsc::Receiver<()>) {
    let original = OriginalClient::new(client.clone());
    match name {
        "list" => {
            let entries = original.list(ListRequest { prefix: "a".to_owned(), limit: 1 }).unwrap().unwrap();
            assert_eq!(entries[0].name, "a/0");
        }
        "send_pattern" => {
            let mut bytes = Vec::new();
            original.send_pattern(3).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, [0, 7, 14]);
        }
        "receive" => assert_eq!(original.receive(io::Cursor::new("some")).unwrap(), 4),
        "fail" => {
            assert!(matches!(original.fail("tank"), Err(Error::Remote(no)) if no.message == "handler says no: tank"));
        }
        "named" => assert_eq!(ParametersClient::new(client.clone()).put("a", Some(7)).unwrap(), 8),
        "bare" => assert_eq!(client.call("Put").with("a").json::<u32>().unwrap(), 1),
        "unknown_parameter" => {
            let call = client.call("Put").with_named(&DryRun { name: "a", dry_run: true });
            let error = call.json::<u32>().unwrap_err();
            assert!(error.to_string().contains("`dry_run`"), "{error}");
        }
        "octets_alone" => {
            assert_eq!(client.call("Save").with_octets(io::Cursor::new("some")).json::<u64>().unwrap(), 4);
        }
        "values" => {
            let numbers = ParametersClient::new(client.clone()).count(2).unwrap();
            assert!(numbers.map(|number| number.unwrap().number).eq([0, 1]));
        }
        "values_up" => {
            let numbers = values([7, 8].map(|number| Number { number }));
            assert_eq!(ParametersClient::new(client.clone()).sum(numbers).unwrap(), 15);
        }
        "broken_values" => {
            let mut numbers = ParametersClient::new(client.clone()).count(200).unwrap();
            assert_eq!(numbers.next().unwrap().unwrap().number, 0);
            let error = numbers.next().unwrap().err().unwrap();
            assert_eq!(error.details::<Value>(), Some(json!({"most": 1})));
            assert!(numbers.next().is_none());
        }
        "close" => client.clone().close().unwrap(),
        "ping" => {
            let call = client.call("Store").with("name").with_octets(io::Cursor::new("some bytes"));
            assert_eq!(call.json::<u64>().unwrap(), 10);
        }
        "broken_reply" => {
            let mut bytes = Vec::new();
            let error = original.send_broken(3).unwrap().read_to_end(&mut bytes).unwrap_err();
            assert_eq!((error.to_string().as_str(), bytes), ("the source broke", vec![0; 3]));
        }
        "broken_request" => {
            assert_eq!(original.echo(json!(1)).unwrap(), json!(1));
            let error = original.receive(io::Cursor::new("half").chain(Broken)).unwrap_err();
            assert!(matches!(&error, Error::Source { error, .. } if error.to_string() == "no more"), "{error:?}");
            assert!(error.connection_usable());
        }
        "verdict" => {
            let error = client.call("Refuse").with_octets(AfterReply(answers)).json::<Value>().unwrap_err();
            assert_eq!(error.details::<Value>(), Some(json!({"Full": {"needed": 7}})));
        }
        "refused" => {
            let error = original.list(ListRequest { prefix: "a".to_owned(), limit: 1 }).unwrap_err();
            assert!(error.never_ran() && error.to_string() == "members only", "{error:?}");
        }
        "refused_upload" => {
            let error = client.call("Receive").with_octets(AfterReply(answers)).json::<Value>().unwrap_err();
            assert!(error.never_ran() && error.to_string() == "members only", "{error:?}");
        }
        "refused_ping" => {
            let call = client.call("Store").with("name").with_octets(io::Cursor::new("some bytes"));
            let error = call.json::<u64>().unwrap_err();
            assert!(error.never_ran() && error.to_string() == "members only", "{error:?}");
        }
        "describe" => {
            let description: Value = client.describe().unwrap();
            assert_eq!(description["services"][0]["methods"][0]["aliases"], json!(["put"]));
        }
        "cancel" => drop(original.send_pattern(9_000_000).unwrap()),
        other => panic!("unknown example {other}"),
    }
}

/// What a client sends that knows a parameter more.
#[derive(Serialize)]
struct DryRun {
    name: &'static str,
    dry_run: bool,
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("no more"))
    }
}

/// Yields bytes once the server has sent something, and never ends.
struct AfterReply<'a>(&'a mpsc::Receiver<()>);

impl Read for AfterReply<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv().map_err(io::Error::other)?;
        Ok(buf.len())
    }
}
