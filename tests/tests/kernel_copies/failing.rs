//! Copies by the kernel that fail: the other side never takes them for complete, and the connection
//! stays usable where possible.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rpc_core::{Client, ClientConfig, Error, ServerConfig};
use rpc_tests::{Fault, Faulty, Plan, TransportKind, watchdog, watchdog_with_limit, wire};

use super::{Files, Store, StoreClient, StoreServer, bytes, content, digest_of, file, serve};

#[test]
fn a_file_that_shrinks_ends_at_its_new_end() {
    watchdog(|| {
        const LEN: usize = 64 << 20;
        for transport in [TransportKind::Tcp, TransportKind::Unix] {
            let (client, files) = serve(transport, b"");
            files.from.set_len(LEN as u64).unwrap();
            let mut stream = client.fetch().unwrap();
            stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
            // no more is on the way yet than both sockets' buffers hold
            files.from.set_len((LEN / 2) as u64).unwrap();
            let rest = rpc_core::copy(&mut stream, &mut io::sink()).unwrap();
            assert_eq!(rest, (LEN / 2 - (1 << 20)) as u64, "{transport:?}");
            assert_eq!(client.digest(&b"on"[..]).unwrap(), digest_of(b"on"), "the connection stays usable");
        }
    });
}

#[test]
fn a_full_disk_is_an_error_and_the_connection_stays_usable() {
    watchdog(|| {
        for transport in [TransportKind::Tcp, TransportKind::Unix] {
            let (client, _files) = serve(transport, &bytes(1 << 20));
            let mut full = File::options().write(true).open("/dev/full").unwrap();
            let error = client.fetch().unwrap().copy_to(&mut full).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
            assert_eq!(client.digest(&b"on"[..]).unwrap(), digest_of(b"on"), "the connection stays usable");
        }
    });
}

#[test]
fn a_failing_source_fails_on_both_sides() {
    watchdog(|| {
        let (client, files) = serve(TransportKind::Tcp, b"");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut source, _) = listener.accept().unwrap();
        // closing a socket with unread bytes resets it
        source.write_all(b"never read").unwrap();
        let writer = thread::spawn(move || {
            far.write_all(&bytes(4 << 20)).unwrap();
            far.peek(&mut [0]).unwrap();
        });
        let error = client.keep(&mut source).unwrap_err();
        writer.join().unwrap();
        assert!(matches!(error, Error::Source { .. }), "{error:?}");
        assert!(content(&files.into).len() <= 4 << 20);
        assert_eq!(client.digest(&b"on"[..]).unwrap(), digest_of(b"on"));
    });
}

/// A client of a scripted server, over a socket.
pub(super) fn scripted(script: impl FnOnce(UnixStream) + Send + 'static, config: ClientConfig) -> StoreClient {
    let (near, mut far) = UnixStream::pair().unwrap();
    thread::spawn(move || {
        let mut request = [0; 4096];
        let mut came = 0;
        while wire::request_ends(&request[..came]).is_empty() {
            came += far.read(&mut request[came..]).unwrap();
        }
        script(far);
    });
    StoreClient::new(Client::from_transport_with(near, config).unwrap())
}

/// The start of a reply: whole frames, and one that breaks off.
pub(super) fn broken_reply() -> Vec<u8> {
    let whole = wire::more(bytes(300_000));
    let part = wire::more(bytes(1 << 20));
    [wire::ok(4), whole.clone(), whole, part[..500_000].to_vec()].concat()
}

#[test]
fn a_peer_that_is_gone_is_an_error() {
    watchdog(|| {
        let client = scripted(|mut far| far.write_all(&broken_reply()).unwrap(), ClientConfig::default());
        let into = file(b"");
        let error = client.fetch().unwrap().copy_to(&mut &into).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
        assert_eq!(content(&into).len(), 600_000 + 500_000 - 6, "what came before is written");
    });
}

#[test]
fn a_peer_that_falls_silent_is_not_waited_for() {
    watchdog(|| {
        let (stay, gone) = std::sync::mpsc::channel::<()>();
        let script = move |mut far: UnixStream| {
            far.write_all(&broken_reply()).unwrap();
            _ = gone.recv();
        };
        let config = ClientConfig::default().stall_timeout(Some(Duration::from_millis(200)));
        let client = scripted(script, config);
        let error = Error::from(client.fetch().unwrap().copy_to(&mut file(b"")).unwrap_err());
        assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
        drop(stay);
    });
}

#[test]
fn a_transport_that_fails_at_any_moment_fails_the_copy() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let entry = bytes(1 << 20);
        for transport in [TransportKind::Tcp, TransportKind::Unix] {
            let points = operations(transport, &entry);
            for fault in [Fault::Fail, Fault::Cut, Fault::Stall] {
                for point in 0..points {
                    let plan = Plan::at(point, fault);
                    let (down, up) = both_ways(transport, &entry, plan.clone(), Duration::from_millis(200));
                    for (outcome, way) in [(down, "down"), (up, "up")] {
                        let whole = outcome.as_ref().is_none_or(|came| *came == entry);
                        assert!(whole, "{way}, {fault:?} at {point} over {transport:?}");
                    }
                }
            }
        }
    });
}

/// Returns how many operations there are when nothing goes wrong.
fn operations(transport: TransportKind, entry: &[u8]) -> usize {
    let plan = Plan::none();
    let (down, up) = both_ways(transport, entry, plan.clone(), Duration::from_secs(60));
    assert!(down.unwrap() == entry && up.unwrap() == entry);
    plan.operations()
}

/// Fetches to a file and keeps from a file, over a client's transport that follows a plan. Returns
/// what was reported to have arrived whole.
fn both_ways(
    transport: TransportKind,
    entry: &[u8],
    plan: Plan,
    limit: Duration,
) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let files = Arc::new(Files { from: file(entry), into: file(b"") });
    let config = ClientConfig::default().reply_timeout(Some(limit));
    let server = StoreServer::new(Arc::clone(&files));
    let (client, _connections) =
        transport.serve_with(server, config, ServerConfig::default(), move |near| Faulty(near, plan.clone()));
    let client = StoreClient::new(client);
    let into = file(b"");
    let fetched = client.fetch().ok().and_then(|stream| stream.copy_to(&mut &into).ok());
    let down = fetched.map(|_| content(&into));
    let up = client.keep(&mut file(entry)).ok().map(|_| content(&files.into));
    (down, up)
}
