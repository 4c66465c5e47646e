//! The bytes of TLS are cut after any of them, in either direction, from the first of the
//! handshake: no cut is ever taken for success.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Control, MemoryStream, Parts, ReadHalf, memory_pair};
use rpc_core::{Client, Error, Result, Transport, serve_connection};
use rpc_tests::certificates::authority;
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference, pattern, watchdog_with_limit};
use rpc_tls::{TlsAcceptor, TlsConnector};
use serde_json::json;

/// A transport whose peer's bytes end after some of them.
struct Cut(MemoryStream, Arc<AtomicUsize>);

struct CutReader {
    half: Box<dyn ReadHalf>,
    control: Option<Arc<dyn Control>>,
    left: Arc<AtomicUsize>,
}

impl Transport for Cut {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        let reader = CutReader { half: parts.reader, control: parts.control.clone(), left: self.1 };
        Ok(Parts { reader: Box::new(reader), ..parts })
    }
}

impl CutReader {
    fn cut(
        &mut self,
        buf: &mut [u8],
        read: impl FnOnce(&mut dyn ReadHalf, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            self.control.iter().for_each(|control| control.abort());
            return Ok(0);
        }
        let most = buf.len().min(left);
        let count = read(&mut *self.half, &mut buf[..most])?;
        self.left.fetch_sub(count, Ordering::SeqCst);
        Ok(count)
    }
}

impl ReadHalf for CutReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.cut(buf, |half, buf| half.read(buf, until))
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.cut(buf, |half, buf| half.try_read(buf))
    }
}

/// Calls over a connection of which so many bytes arrive. Returns how many of the calls succeeded.
fn calls(sides: &(TlsConnector, TlsAcceptor), near_left: usize, far_left: usize) -> (usize, [usize; 2]) {
    let (near, far) = memory_pair();
    let [near_left, far_left] = [near_left, far_left].map(|left| Arc::new(AtomicUsize::new(left)));
    let (near, far) = (Cut(near, Arc::clone(&near_left)), Cut(far, Arc::clone(&far_left)));
    let far = sides.1.over(far);
    let serving = thread::spawn(move || serve_connection(far, OriginalServer::new(Reference)));
    let near = sides.0.over(near, "localhost");
    let mut succeeded = 0;
    let outcome = Client::from_transport(near).and_then(|client| session(&client, &mut succeeded));
    assert!(outcome.is_ok() == (succeeded == 4));
    if let Err(error) = outcome {
        assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    }
    _ = serving.join().expect("the server does not panic");
    (succeeded, [near_left, far_left].map(|left| left.load(Ordering::SeqCst)))
}

fn session(client: &Client, succeeded: &mut usize) -> Result<()> {
    let original = OriginalClient::new(client.clone());
    assert_eq!(original.echo(json!({"a": 1}))?, json!({"a": 1}));
    *succeeded += 1;
    let mut received = Vec::new();
    original.send_pattern(100)?.read_to_end(&mut received)?;
    assert_eq!(received, pattern(100));
    *succeeded += 1;
    assert_eq!(original.receive(&pattern(100)[..])?, 100);
    *succeeded += 1;
    drop(original);
    client.clone().close()?;
    *succeeded += 1;
    Ok(())
}

#[test]
fn no_cut_is_taken_for_success() {
    watchdog_with_limit(Duration::from_secs(300), || {
        let acceptor = TlsAcceptor::new(authority().issue(&["localhost"]).identity());
        let sides = (TlsConnector::new(authority().roots()), acceptor);
        let plenty = 1 << 20;
        let (succeeded, [near, far]) = calls(&sides, plenty, plenty);
        assert_eq!(succeeded, 4);
        let lens = [plenty - near, plenty - far];
        let (next, all) = (AtomicUsize::new(0), lens[0] + lens[1]);
        let cut = || {
            let mut counts = [0; 5];
            loop {
                let cut = next.fetch_add(1, Ordering::SeqCst);
                if cut >= all {
                    return counts;
                }
                let (near, far) = if cut < lens[0] { (cut, plenty) } else { (plenty, cut - lens[0]) };
                counts[calls(&sides, near, far).0] += 1;
            }
        };
        let counts: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..8).map(|_| scope.spawn(cut)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        let counts: Vec<usize> = (0..5).map(|calls| counts.iter().map(|counts| counts[calls]).sum()).collect();
        println!("{all} cuts; after them, this many had 0 to 4 calls that succeeded: {counts:?}");
        // in the handshake, and in each call
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
    });
}
