//! Early replies to a client that cannot look for them: it keeps sending, and the reply is still
//! the result.

use std::io::{self, Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Parts, ReadHalf, memory_pair};
use rpc_core::{Client, ClientConfig, Error, Misuse, ServerConfig, Transport};
use rpc_tests::{TransportKind, watchdog, wire};

use crate::service::{FRAME, Gate, Upload};

/// A transport that cannot look ahead.
struct Blind<T>(T);

struct BlindReader(Box<dyn ReadHalf>);

impl<T: Transport> Transport for Blind<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { reader: Box::new(BlindReader(parts.reader)), ..parts })
    }
}

impl ReadHalf for BlindReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.0.read(buf, until)
    }
}

#[test]
fn an_upload_within_the_budget_is_sent_whole_and_the_connection_stays_usable() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (client, connections) =
                transport.serve_with(Gate, ClientConfig::default(), ServerConfig::default(), Blind);
            for length in [1, FRAME, 3 * FRAME + 1] {
                let error = client.call("fail 1").with_octets(Upload::of(length)).json::<()>().unwrap_err();
                assert_eq!(error.remote().unwrap_or_else(|| panic!("{error:?}")).message, "full at 1");
                assert!(error.connection_usable());
                let enough: String = client.call("satisfied 1").with_octets(Upload::of(length)).json().unwrap();
                assert_eq!(enough, "enough at 1");
            }
            assert_eq!(connections.count(), 1, "{transport:?}");
        }
    });
}

#[test]
fn an_upload_beyond_the_budget_is_cut_and_the_reply_arrives() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (client, connections) =
                transport.serve_with(Gate, ClientConfig::default(), ServerConfig::default(), Blind);
            let error = client.call("fail 1").with_octets(Upload::endless()).json::<()>().unwrap_err();
            assert_eq!(error.remote().unwrap_or_else(|| panic!("{transport:?}: {error:?}")).message, "full at 1");
            assert!(!error.connection_usable(), "{transport:?}: the server has closed");
            let enough: String = client.call("satisfied 1").with_octets(Upload::endless()).json().unwrap();
            assert_eq!(enough, "enough at 1", "{transport:?}");
            let next: String = client.call("echo").with("next").json().unwrap();
            assert_eq!((next.as_str(), connections.count()), ("next", 3), "{transport:?}");
        }
    });
}

/// Octets both ways require looking, so helper threads do it, also if only the reading half cannot.
#[test]
fn octets_still_go_both_ways() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (client, connections) =
                transport.serve_with(Gate, ClientConfig::default(), ServerConfig::default(), Blind);
            for length in [0, 1, 2 * FRAME, 3_000_000] {
                let mut copied = Vec::new();
                let content = Upload::of(length);
                client.call("copy").with_octets(content).octets().unwrap().read_to_end(&mut copied).unwrap();
                assert_eq!(copied.len(), length);
            }
            assert_eq!(connections.count(), 1, "{transport:?}");
        }
    });
}

/// A source that has nothing before the server is gone, and then is slow.
struct Late {
    gone: mpsc::Receiver<()>,
    pause: Duration,
    content: Upload,
}

impl Read for Late {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        _ = self.gone.recv();
        // nothing is ever sent here: this only waits
        let (_nobody, never) = mpsc::channel::<()>();
        _ = never.recv_timeout(self.pause);
        self.content.read(buf)
    }
}

/// Sends an upload to a server that reads the request's beginning, answers and disconnects.
fn answer_and_go(reply: &[u8], pause: Duration) {
    let (mut server, transport) = memory_pair();
    let (on_end, gone) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            server.read_exact(&mut [0; 6]).unwrap();
            server.write_all(reply).unwrap();
            drop(server);
            drop(on_end);
        });
        let config = ClientConfig::default().reply_timeout(Some(Duration::from_millis(200)));
        let client = Client::from_transport_with(Blind(transport), config).unwrap();
        let content = Late { gone, pause, content: Upload::endless() };
        match client.call("upload").with_octets(content).json::<String>() {
            Ok(value) => assert_eq!(value, "enough"),
            Err(error) => {
                assert_eq!(error.remote().unwrap_or_else(|| panic!("{error:?}")).message, "full");
                assert!(!error.connection_usable());
            }
        }
        let next = client.call("next").with(&()).json::<u8>().unwrap_err();
        assert!(matches!(next, Error::Misuse(Misuse::Closed)), "{next:?}");
    });
}

#[test]
fn after_a_failed_write_the_client_reads_the_reply() {
    watchdog(|| {
        for reply in [wire::refusal(4, "full"), wire::no(4, "full"), wire::ok_json(r#""enough""#)] {
            answer_and_go(&reply, Duration::ZERO);
        }
    });
}

/// The limit for a reply begins at the end of a stream. When it was counted from the beginning of
/// the call, a slow upload got a broken pipe in place of its reply.
#[test]
fn after_a_late_failed_write_the_client_reads_the_reply() {
    watchdog(|| answer_and_go(&wire::no(4, "full"), Duration::from_millis(300)));
}
