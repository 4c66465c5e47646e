//! The bytes of a call of a client are those that its server receives and sends.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use rpc_core::transport::{Parts, ReadHalf, WriteHalf};
use rpc_core::{Client, Transport, serve_connection};
use rpc_tests::{TransportKind, watchdog, wire};

use crate::depot::{Depot, DepotClient, DepotServer, Failing, Shed};
use crate::recorder::{Recorder, Report};

/// Counts the bytes that a server receives and sends.
#[derive(Debug, Clone, Default)]
struct Wire(Arc<(AtomicU64, AtomicU64)>);

impl Wire {
    fn received_and_sent(&self) -> (u64, u64) {
        (self.0.0.load(Ordering::SeqCst), self.0.1.load(Ordering::SeqCst))
    }
}

struct Counted<T>(T, Wire);

struct CountedHalf<H: ?Sized>(Box<H>, Wire);

impl<T: Transport> Transport for Counted<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        let reader = Box::new(CountedHalf(parts.reader, self.1.clone()));
        Ok(Parts { reader, writer: Box::new(CountedHalf(parts.writer, self.1)), ..parts })
    }
}

impl CountedHalf<dyn ReadHalf> {
    fn count(&self, outcome: io::Result<usize>) -> io::Result<usize> {
        outcome.inspect(|count| _ = self.1.0.0.fetch_add(*count as u64, Ordering::SeqCst))
    }
}

impl ReadHalf for CountedHalf<dyn ReadHalf> {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.read(buf, until);
        self.count(outcome)
    }

    fn read_announced(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.read_announced(bufs, until);
        self.count(outcome)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let outcome = self.0.try_read(buf);
        self.count(outcome)
    }
}

impl CountedHalf<dyn WriteHalf> {
    fn count(&self, outcome: io::Result<usize>) -> io::Result<usize> {
        outcome.inspect(|count| _ = self.1.0.1.fetch_add(*count as u64, Ordering::SeqCst))
    }
}

impl WriteHalf for CountedHalf<dyn WriteHalf> {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.write(bufs, until);
        self.count(outcome)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let outcome = self.0.try_write(bufs);
        self.count(outcome)
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        self.0.try_flush()
    }

    fn flush(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.flush(until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

fn control(endpoint: &str) -> Vec<u8> {
    wire::opening(endpoint, 2, 2)
}

/// Makes calls on a new connection of each kind, and checks that they have as many bytes in total
/// as the server has received and sent, without the Close handshake and `others`.
fn exact(others: (u64, u64), make: impl Fn(&Client, &DepotClient)) {
    for kind in TransportKind::ALL {
        let (near, far) = kind.pair().unwrap();
        let wire = Wire::default();
        let far = Counted(far, wire.clone());
        let server = thread::spawn(move || serve_connection(far, DepotServer::new(Shed)));
        let (recorder, config) = Recorder::with_config();
        let client = Client::from_transport_with(near, config).unwrap();
        make(&client, &DepotClient::new(client.clone()));
        client.close().unwrap();
        server.join().unwrap().unwrap();

        let calls = recorder.calls();
        let sum = |bytes: fn(&Report) -> u64| calls.iter().map(bytes).sum::<u64>();
        let (received, sent) = wire.received_and_sent();
        let received = received - (control("Close").len() + wire::reset().len()) as u64 - others.0;
        let sent = sent - (wire::ok(2).len() + wire::reset().len()) as u64 - others.1;
        assert_eq!((sum(|call| call.sent), sum(|call| call.received)), (received, sent), "{kind:?}: {calls:?}");
        assert!(calls.iter().all(|call| call.sent > 0 && call.received > 0), "{calls:?}");
    }
}

/// More than any transport holds.
const MUCH: u64 = 3_000_000;

fn much() -> impl Read {
    io::repeat(7).take(MUCH)
}

#[test]
fn of_values() {
    watchdog(|| {
        exact((0, 0), |_, depot| {
            depot.echo("some text").unwrap();
            depot.fail("some text").unwrap_err();
            depot.echo(&"long".repeat(100_000)).unwrap();
        });
    });
}

#[test]
fn of_streams() {
    watchdog(|| {
        for count in [0, 1, 10_000, MUCH] {
            exact((0, 0), |_, depot| {
                assert_eq!(depot.up(io::repeat(7).take(count)).unwrap(), count);
                assert_eq!(io::copy(&mut depot.down(count).unwrap(), &mut io::sink()).unwrap(), count);
                let both = depot.both(io::repeat(7).take(count)).unwrap();
                assert_eq!(io::copy(&mut { both }, &mut io::sink()).unwrap(), count);
                let (_, mut stream) = depot.open(count).unwrap();
                assert_eq!(io::copy(&mut stream, &mut io::sink()).unwrap(), count);
            });
        }
    });
}

#[test]
fn of_streams_that_end_early() {
    watchdog(|| {
        exact((0, 0), |_, depot| {
            // of a peer that is not known yet to understand a Trailer the connection would be given
            // up
            depot.echo("").unwrap();
            drop(depot.down(u64::MAX).unwrap());
            drop(depot.both(io::repeat(7)).unwrap());
            depot.refuse(io::repeat(7)).unwrap_err();
            depot.up(much().chain(Failing)).unwrap_err();
            depot.refuse_down(1).unwrap_err();
            depot.refuse_both(io::repeat(7)).unwrap_err();
            io::copy(&mut depot.down_broken(MUCH).unwrap(), &mut io::sink()).unwrap_err();
            // the source may fail before or after the reply's header has come
            let both = depot.both(much().chain(Failing));
            both.and_then(|mut both| Ok(io::copy(&mut both, &mut io::sink())?)).unwrap_err();
        });
    });
}

#[test]
fn of_a_pipeline() {
    watchdog(|| {
        exact((0, 0), |client, _| {
            let replies = client.pipeline::<_, String>("echo", (0..5_000).map(|number| number.to_string())).unwrap();
            assert!(replies.eq_by_text(5_000));
        });
        // the replies of some calls are discarded
        exact((0, 0), |client, _| {
            let mut replies = client.pipeline::<_, String>("echo", (0..).map(|number| number.to_string())).unwrap();
            assert_eq!(replies.by_ref().take(10).filter(Result::is_ok).count(), 10);
        });
    });
}

trait Texts {
    fn eq_by_text(self, count: usize) -> bool;
}

impl<I: Iterator<Item = rpc_core::Result<String>>> Texts for I {
    fn eq_by_text(self, count: usize) -> bool {
        self.map(Result::unwrap).eq((0..count).map(|number| number.to_string()))
    }
}

#[test]
fn of_files_that_the_kernel_moves() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("content");
        File::create(&path).unwrap().write_all(&vec![7; usize::try_from(MUCH).unwrap()]).unwrap();
        exact((0, 0), |_, depot| {
            assert_eq!(depot.up(File::open(&path).unwrap()).unwrap(), MUCH);
            let mut copy = File::create(folder.path().join("copy")).unwrap();
            assert_eq!(depot.down(MUCH).unwrap().copy_to(&mut copy).unwrap(), MUCH);
        });
    });
}

#[test]
fn a_ping_does_not_count() {
    watchdog(|| {
        let ping = (control("Ping").len() as u64, wire::ok(2).len() as u64);
        exact(ping, |_, depot| assert_eq!(depot.store("four", much()).unwrap(), MUCH + 4));
    });
}
