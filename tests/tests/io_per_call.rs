//! How many writes and reads on the transport a call takes.

use std::io::{self, IoSlice};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use rpc_core::transport::{Parts, ReadHalf, WriteHalf, memory_pair};
use rpc_core::{Transport, serve_connection};
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference, watchdog};
use serde_json::json;

/// Counts reads and writes that moved bytes.
#[derive(Default)]
struct Counts {
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Counts {
    fn take(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::SeqCst), self.writes.swap(0, Ordering::SeqCst))
    }
}

struct Counting<T>(T, Arc<Counts>);

impl<T: Transport> Transport for Counting<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        let counts = Arc::clone(&self.1);
        Ok(Parts {
            reader: Box::new(Half(parts.reader, counts)),
            writer: Box::new(Half(parts.writer, self.1)),
            ..parts
        })
    }
}

struct Half<T: ?Sized>(Box<T>, Arc<Counts>);

impl ReadHalf for Half<dyn ReadHalf> {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let count = self.0.read(buf, until)?;
        self.1.reads.fetch_add(1, Ordering::SeqCst);
        Ok(count)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }
}

impl WriteHalf for Half<dyn WriteHalf> {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.1.writes.fetch_add(1, Ordering::SeqCst);
        self.0.write(bufs, until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

#[test]
fn a_small_call_is_one_write_and_one_read_on_each_side() {
    watchdog(|| {
        let (ours, theirs) = memory_pair();
        count_calls(ours, theirs);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        count_calls(ours, listener.accept().unwrap().0);
    });
}

fn count_calls(ours: impl Transport, theirs: impl Transport) {
    let (client_counts, server_counts) = (Arc::<Counts>::default(), Arc::<Counts>::default());
    let client_transport = Counting(ours, Arc::clone(&client_counts));
    let server_transport = Counting(theirs, Arc::clone(&server_counts));
    thread::scope(|scope| {
        scope.spawn(|| serve_connection(server_transport, OriginalServer::new(Reference)));
        let client = OriginalClient::from_transport(client_transport).unwrap();
        for call in 0..10 {
            client.echo(json!({"number": call})).unwrap();
            // the server read this request before it replied, and cannot have read the next yet
            assert_eq!(client_counts.take(), (1, 1), "client, call {call}");
            assert_eq!(server_counts.take(), (1, 1), "server, call {call}");
        }
        drop(client);
    });
}
