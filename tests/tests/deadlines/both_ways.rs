//! Octets both ways over a transport that the test observes: what a limit counts, and what waiting
//! costs.

use std::io::{self, IoSlice, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Control, Parts, WriteHalf};
use rpc_core::{Client, OctetReader, Transport};
use rpc_tests::{TransportKind, watchdog, wire};

use crate::far_end::patient;

/// The stall limit. On a busy machine the far end may wait for more than a second.
const STALL: Duration = Duration::from_secs(3);

/// A transport that accepts nothing at the first attempt of each write, and counts how often it was
/// waited for.
struct Watched {
    half: Box<dyn WriteHalf>,
    takes: bool,
}

impl WriteHalf for Watched {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.half.write(bufs, until)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.takes = !self.takes;
        if self.takes { Err(io::ErrorKind::WouldBlock.into()) } else { self.half.try_write(bufs) }
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.half.finish(until)
    }
}

struct Counting(Arc<dyn Control>, Arc<AtomicUsize>);

impl Control for Counting {
    fn abort(&self) {
        self.0.abort();
    }

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.wait(until)
    }

    fn can_wait(&self) -> bool {
        self.0.can_wait()
    }
}

/// Runs a call with octets both ways against a scripted far end, which gets the number of waits so
/// far.
fn call<S: Read>(source: S, far: impl FnOnce(Parts) + Send, near: impl FnOnce(OctetReader<'static, S>, &AtomicUsize)) {
    let (parts, theirs) = TransportKind::Memory.pair().unwrap();
    let waits = Arc::<AtomicUsize>::default();
    let control = Arc::new(Counting(parts.control.unwrap(), Arc::clone(&waits)));
    let writer = Box::new(Watched { half: parts.writer, takes: false });
    let transport = Parts { writer, control: Some(control), reader: parts.reader, peer: parts.peer };
    thread::scope(|scope| {
        scope.spawn(move || far(theirs.into_parts().unwrap()));
        let config = patient().stall_timeout(Some(STALL));
        let client = Client::from_transport_with(transport, config).unwrap();
        near(client.call("x").with_octets(source).octets().unwrap(), &waits);
    });
}

fn send(far: &mut Parts, bytes: &[u8]) {
    far.writer.write(&[IoSlice::new(bytes)], None).unwrap();
}

/// Reads until `count` bytes have arrived, or the client is gone.
fn read(far: &mut Parts, count: usize) {
    let mut left = count;
    while left > 0 {
        match far.reader.read(&mut vec![0; left.min(64 * 1024)], None).unwrap() {
            0 => return,
            read => left -= read,
        }
    }
}

/// Yields a little several times, and takes longer than the stall limit for the last.
struct Slow(usize);

impl Read for Slow {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Ok(0);
        }
        self.0 -= 1;
        if self.0 == 0 {
            thread::sleep(STALL + Duration::from_secs(1));
        }
        buf[..100].fill(7);
        Ok(100)
    }
}

/// The limit ran while the caller's own source was read, so it had passed when the bytes did not
/// fit at once.
#[test]
fn a_source_may_take_longer_than_the_stall_limit() {
    watchdog(|| {
        let far = |mut far: Parts| {
            read(&mut far, 1);
            send(&mut far, &wire::ok(4));
            // all pieces, besides their frames and the header
            read(&mut far, 3 * 100);
            send(&mut far, &wire::data("abc"));
            read(&mut far, usize::MAX);
        };
        call(Slow(3), far, |mut stream, _| {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, b"abc");
        });
    });
}

/// A transport can almost always be written to, so waiting until it could be read or written did
/// not block: dropping a stream kept a processor busy until the server had ended it.
#[test]
fn a_dropped_stream_blocks_until_the_server_ends_it() {
    watchdog(|| {
        let far = |mut far: Parts| {
            // the request, its end, and the Trailer that cancels the reply
            let mut received = Vec::new();
            while wire::frames(&received).last().is_none_or(|frame| frame.kind != wire::TRAILER) {
                let mut piece = [0; 4096];
                let count = far.reader.read(&mut piece, None).unwrap();
                if received.is_empty() {
                    send(&mut far, &[wire::ok(4), wire::more("abc")].concat());
                }
                received.extend_from_slice(&piece[..count]);
            }
            thread::sleep(Duration::from_millis(100));
            send(&mut far, &wire::trailer(2, "cancelled"));
            read(&mut far, usize::MAX);
        };
        call(io::repeat(7).take(1000), far, |mut stream, waits| {
            stream.read_exact(&mut [0; 3]).unwrap();
            drop(stream);
            let waits = waits.load(Ordering::SeqCst);
            assert!(waits < 50, "it was waited for {waits} times");
        });
    });
}
