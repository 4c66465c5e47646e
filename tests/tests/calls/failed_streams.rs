//! A failed stream fails in the same way whenever it is read again.

use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{Call, Client, ClientConfig, Contract, Contracts, Dispatch, Error, OctetReader, Served, ServerConfig};
use rpc_tests::{ScriptedPeer, serve_bytes, watchdog, wire};

/// What stays the same: message, kind, and what the failure means for the call.
fn described(failure: io::Error) -> (String, io::ErrorKind, bool, bool) {
    let (text, kind) = (failure.to_string(), failure.kind());
    let error = failure.downcast::<Error>().expect("a stream's error is the library's");
    (text, kind, error.never_ran(), error.connection_usable())
}

/// Reads a stream to its failure, then again in every way.
fn assert_fails_alike(mut stream: impl io::BufRead, name: &str) {
    let first = described(stream.read_to_end(&mut Vec::new()).unwrap_err());
    assert!(!first.2, "{name}: {first:?}");
    for _ in 0..2 {
        assert_eq!(described(stream.read(&mut [0; 10]).unwrap_err()), first, "{name}");
        assert_eq!(described(stream.fill_buf().map(drop).unwrap_err()), first, "{name}");
    }
}

/// The first error of a broken reply said that the request may have run, the next that it certainly
/// had not: a caller that saw only the last one would have repeated a request that ran.
#[test]
fn a_broken_reply_reports_the_same_fate_each_time() {
    watchdog(|| {
        let ends: [(&str, Vec<u8>); 5] = [
            ("cut in a frame", wire::more("abc")[..7].to_vec()),
            ("cut between frames", wire::more("abc")),
            ("reset", wire::reset()),
            ("broken rules", wire::header("{}")),
            ("the handler's message", wire::trailer(4, "no more")),
        ];
        for (name, end) in ends {
            let (mut peer, near) = ScriptedPeer::new();
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
fn a_stalled_reply_reports_the_same_fate_each_time() {
    watchdog(|| {
        let (mut peer, near) = ScriptedPeer::new();
        let (on_end, ended) = mpsc::channel::<()>();
        let server = thread::spawn(move || {
            peer.await_requests(1);
            peer.send(&wire::ok(4));
            // it ends after the client's stream has failed
            _ = ended.recv();
        });
        let config = ClientConfig::default().stall_timeout(Some(Duration::from_millis(50)));
        let client = Client::from_transport_with(near, config).unwrap();
        assert_fails_alike(client.call("x").with(&()).octets().unwrap(), "stalled");
        drop(on_end);
        server.join().unwrap();
    });
}

/// Reads each request to its failure, then once more.
struct Rereading(mpsc::Sender<[(String, io::ErrorKind, bool, bool); 2]>);

impl Dispatch for Rereading {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Rereading") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_octets().returns_json(|mut content: OctetReader<'static>| {
            let failures = [(); 2].map(|()| described(content.read_to_end(&mut Vec::new()).unwrap_err()));
            self.0.send(failures).unwrap();
            Ok::<_, Error>(())
        })
    }
}

#[test]
fn a_broken_request_reports_the_same_error_each_time() {
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
