//! A stream that has failed fails in the same way whenever it is read again.

use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{Call, Client, ClientConfig, Contract, Dispatch, Error, OctetReader, Served, ServerConfig};
use rpc_tests::{Peer, serve_bytes, watchdog, wire};

/// What is the same each time: words, kind, and what the failure means for the call.
fn told(failure: io::Error) -> (String, io::ErrorKind, bool, bool) {
    let (text, kind) = (failure.to_string(), failure.kind());
    let error = failure.downcast::<Error>().expect("a stream's error is the library's");
    (text, kind, error.never_ran(), error.connection_usable())
}

/// Reads a stream to its failure, and then again in each way that there is.
fn assert_fails_alike(mut stream: impl io::BufRead, name: &str) {
    let first = told(stream.read_to_end(&mut Vec::new()).unwrap_err());
    assert!(!first.2, "{name}: {first:?}");
    for _ in 0..2 {
        assert_eq!(told(stream.read(&mut [0; 10]).unwrap_err()), first, "{name}");
        assert_eq!(told(stream.fill_buf().map(drop).unwrap_err()), first, "{name}");
    }
}

/// The first error of a reply that broke said that the request may have run, and the next one that
/// it certainly had not: who saw the last one only would have repeated a request that ran.
#[test]
fn a_reply_that_broke_tells_the_same_fate_each_time() {
    watchdog(|| {
        let ends: [(&str, Vec<u8>); 5] = [
            ("cut in a frame", wire::more("abc")[..7].to_vec()),
            ("cut between frames", wire::more("abc")),
            ("reset", wire::reset()),
            ("broken rules", wire::header("{}")),
            ("the handler's words", wire::trailer(4, "no more")),
        ];
        for (name, end) in ends {
            let (mut peer, near) = Peer::new();
            let server = thread::spawn(move || {
                peer.await_requests(1);
                peer.send(&[wire::ok(4), end].concat());
            });
            let client = Client::from_transport(near).unwrap();
            assert_fails_alike(client.call("x").with(&()).octets().unwrap(), name);
            server.join().unwrap();
        }
    });
}

#[test]
fn a_reply_that_stalled_tells_the_same_fate_each_time() {
    watchdog(|| {
        let (mut peer, near) = Peer::new();
        let (on_end, ended) = mpsc::channel::<()>();
        let server = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::ok(4));
            // it ends when the client's stream has failed
            _ = ended.recv();
        });
        let config = ClientConfig::default().stall_timeout(Some(Duration::from_millis(50)));
        let client = Client::from_transport_with(near, config).unwrap();
        assert_fails_alike(client.call("x").with(&()).octets().unwrap(), "stalled");
        drop(on_end);
        server.join().unwrap();
    });
}

/// Reads each request to its failure, and once more.
struct Rereading(mpsc::Sender<[(String, io::ErrorKind, bool, bool); 2]>);

impl Dispatch for Rereading {
    fn contract(&self) -> &'static Contract {
        const { &Contract::new("Rereading") }
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_octets().returns_json(|mut content: OctetReader<'static>| {
            let failures = [(); 2].map(|()| told(content.read_to_end(&mut Vec::new()).unwrap_err()));
            self.0.send(failures).unwrap();
            Ok::<_, Error>(())
        })
    }
}

#[test]
fn a_request_that_broke_tells_its_handler_the_same_each_time() {
    watchdog(|| {
        let upload = wire::opening("x", 4, 3);
        let ends = [wire::more("abc")[..7].to_vec(), wire::reset(), wire::header("{}"), wire::trailer(4, "no more")];
        for end in ends {
            let (on_read, read) = mpsc::channel();
            let bytes = [&upload[..], &end].concat();
            _ = serve_bytes(&bytes, Rereading(on_read), ServerConfig::default(), |transport| transport);
            let [first, second] = read.recv().unwrap();
            assert_eq!(first, second);
            assert!(!first.2, "{first:?}");
        }
    });
}
