//! The worked examples of PROTOCOL.md: our server answers them, and our client sends them, byte for byte.

use std::io::{self, Read};
use std::thread;

use rpc_core::{Client, ClientConfig, Error, ServerConfig};
use rpc_tests::{ListRequest, Original, OriginalClient, OriginalServer, Peer, Reference, serve_bytes, watchdog};

const PROTOCOL: &str = include_str!("../../PROTOCOL.md");

/// One example: what both sides send.
struct Example {
    call: String,
    lines: Vec<(char, Vec<u8>)>,
}

impl Example {
    fn side(&self, side: char) -> Vec<u8> {
        self.lines.iter().filter(|(of, _)| *of == side).flat_map(|(_, bytes)| bytes.clone()).collect()
    }
}

fn examples() -> Vec<Example> {
    let blocks = PROTOCOL.split("```hex call=").skip(1);
    blocks
        .map(|block| {
            let block = block.split("```").next().expect("a block ends");
            let (call, lines) = block.split_once('\n').expect("a block has lines");
            let lines = lines.lines().map(|line| (line.chars().next().expect("a side"), bytes(&line[1..]))).collect();
            Example { call: call.to_owned(), lines }
        })
        .collect()
}

/// Two digits are a byte, text between quotes stands for its bytes.
fn bytes(text: &str) -> Vec<u8> {
    text.split('\'')
        .enumerate()
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("two digits")).collect(),
            _ => part.as_bytes().to_vec(),
        })
        .collect()
}

#[test]
fn our_server_answers_each_example() {
    watchdog(|| {
        for example in examples() {
            let service = OriginalServer::new(Reference);
            let (_, sent) = serve_bytes(&example.side('C'), service, ServerConfig::default(), |transport| transport);
            assert_eq!(
                sent.escape_ascii().to_string(),
                example.side('S').escape_ascii().to_string(),
                "{}",
                example.call
            );
        }
    });
}

#[test]
fn our_client_sends_each_example() {
    watchdog(|| {
        let examples = examples();
        assert_eq!(examples.len(), 5, "an example of PROTOCOL.md went missing, or is new");
        for example in examples {
            let (mut peer, transport) = Peer::new();
            let (client_bytes, server_bytes) = (example.side('C'), example.side('S'));
            let received = thread::scope(|scope| {
                let peer = scope.spawn(move || {
                    peer.await_requests(1);
                    peer.send(&server_bytes);
                    peer.await_end();
                    peer.received
                });
                // without a deadline, so that none is told to the server
                let config = ClientConfig::default().reply_timeout(None);
                let client = Client::from_transport_with(transport, config).unwrap();
                make_call(&example.call, OriginalClient::new(client));
                peer.join().unwrap()
            });
            // behind the call of the example the client says Close
            let received = &received[..client_bytes.len().min(received.len())];
            assert_eq!(
                received.escape_ascii().to_string(),
                client_bytes.escape_ascii().to_string(),
                "{}",
                example.call
            );
        }
    });
}

/// Makes the call of an example, and closes quietly.
fn make_call(name: &str, client: OriginalClient) {
    match name {
        "list" => {
            let entries = client.list(ListRequest { prefix: "a".to_owned(), limit: 1 }).unwrap().unwrap();
            assert_eq!(entries[0].name, "a/0");
        }
        "send_pattern" => {
            let mut bytes = Vec::new();
            client.send_pattern(3).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, [0, 7, 14]);
        }
        "receive" => assert_eq!(client.receive(io::Cursor::new("some")).unwrap(), 4),
        "fail" => {
            assert!(matches!(client.fail("tank"), Err(Error::Remote(no)) if no.message == "handler says no: tank"));
        }
        "close" => OriginalClient::close(client).unwrap(),
        other => panic!("no call for the example {other}"),
    }
}
