//! What a call costs: writes and reads on the transport, and memory for a stream of any length.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, IoSlice, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Parts, ReadHalf, WriteHalf, memory_pair};
use rpc_core::{Client, Server, Transport, serve_connection};
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference, watchdog_with_limit};
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
    watchdog_with_limit(Duration::from_secs(60), || {
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
            // the server's read of this request came before the reply; that of the next cannot have come yet
            assert_eq!(client_counts.take(), (1, 1), "client, call {call}");
            assert_eq!(server_counts.take(), (1, 1), "server, call {call}");
        }
        drop(client);
    });
}

/// Counts the bytes that are allocated at present, and the most there were.
struct Measuring;

static PRESENT: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

#[expect(unsafe_code, reason = "an allocator can be counted in no other way")]
mod allocator {
    use super::{GlobalAlloc, Layout, Measuring, System, count};

    // SAFETY: all calls are handed on to the system's allocator as they come.
    unsafe impl GlobalAlloc for Measuring {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            count(layout.size().cast_signed());
            // SAFETY: the caller's promises are those that it asks for.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            count(-layout.size().cast_signed());
            // SAFETY: the caller's promises are those that it asks for.
            unsafe { System.dealloc(at, layout) }
        }
    }
}

fn count(bytes: isize) {
    let present = PRESENT.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(present, Ordering::Relaxed);
}

#[global_allocator]
static ALLOCATOR: Measuring = Measuring;

/// The tests that measure memory may not run at once.
static ALONE: Mutex<()> = Mutex::new(());

/// The most memory that was allocated at once, beyond what was before, both sides together.
fn peak(run: impl FnOnce()) -> isize {
    let before = PRESENT.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    run();
    MOST.load(Ordering::Relaxed) - before
}

const GIB: u64 = 1 << 30;
const MIB: isize = 1 << 20;

/// Reads nothing but zeros, without touching the buffer: what a disk costs is not measured here.
struct Zeros;

impl Read for Zeros {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(buf.len())
    }
}

#[derive(Clone)]
struct Large;

#[rpc_core::rpc_service]
trait LargeStreams {
    fn down(&self, count: u64) -> rpc_core::Result<impl Read>;
    fn up(&self, content: impl Read) -> rpc_core::Result<u64>;
    fn through<'a>(&'a self, content: impl Read + 'a) -> rpc_core::Result<impl Read>;
}

impl LargeStreams for Large {
    fn down(&self, count: u64) -> rpc_core::Result<impl Read> {
        Ok(Zeros.take(count))
    }

    fn up(&self, mut content: impl Read) -> rpc_core::Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }

    fn through<'a>(&'a self, content: impl Read + 'a) -> rpc_core::Result<impl Read> {
        Ok(content)
    }
}

#[test]
fn a_stream_of_one_gib_needs_little_memory() {
    watchdog_with_limit(Duration::from_secs(180), || {
        let _alone = ALONE.lock().unwrap();
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(LargeStreamsServer::new(Large)).unwrap();
        let client = LargeStreamsClient::new(Client::connect(server.address()).unwrap());
        let down = peak(|| assert_eq!(client.down(GIB).unwrap().copy_to(&mut io::sink()).unwrap(), GIB));
        let up = peak(|| assert_eq!(client.up(Zeros.take(GIB)).unwrap(), GIB));
        println!("most heap for 1 GiB, both sides together: {down} bytes down, {up} bytes up");
        assert!(down < 8 * MIB && up < 8 * MIB, "{down} down, {up} up");
    });
}

#[test]
fn ten_gib_both_ways_need_little_memory() {
    watchdog_with_limit(Duration::from_secs(300), || {
        let _alone = ALONE.lock().unwrap();
        let (ours, theirs) = memory_pair();
        let server = thread::spawn(|| serve_connection(theirs, LargeStreamsServer::new(Large)));
        let client = LargeStreamsClient::from_transport(ours).unwrap();
        let small =
            peak(|| assert_eq!(client.through(Zeros.take(GIB)).unwrap().copy_to(&mut io::sink()).unwrap(), GIB));
        LargeStreamsClient::close(client).unwrap();
        server.join().unwrap().unwrap();

        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(LargeStreamsServer::new(Large)).unwrap();
        let client = LargeStreamsClient::connect(server.address()).unwrap();
        let large = peak(|| {
            let through = client.through(Zeros.take(10 * GIB)).unwrap();
            assert_eq!(through.copy_to(&mut io::sink()).unwrap(), 10 * GIB);
        });
        println!("most heap both ways, both sides together: {small} bytes for 1 GiB, {large} bytes for 10 GiB");
        assert!(small < 8 * MIB && large < 8 * MIB, "{small} and {large}");
    });
}
