//! Large content does not pass through this process: the transport is asked to move it.
#![cfg(target_os = "linux")]

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use rpc_core::transport::{Parts, ReadHalf, WriteHalf};
use rpc_core::unstable::KernelPipe;
use rpc_core::{Client, ClientConfig, Counted, ServerConfig, copy};
use rpc_tests::{TransportKind, watchdog};

use super::{Files, Store, StoreClient, StoreServer, bytes, file};

/// Bytes that the kernel moved, each way.
#[derive(Default)]
struct Moved {
    received: AtomicUsize,
    sent: AtomicUsize,
}

/// A half that counts what the kernel moves through it.
struct Half<H: ?Sized>(Arc<Moved>, Box<H>);

fn counted(parts: Parts, moved: &Arc<Moved>) -> Parts {
    Parts {
        reader: Box::new(Half(Arc::clone(moved), parts.reader)),
        writer: Box::new(Half(Arc::clone(moved), parts.writer)),
        ..parts
    }
}

impl ReadHalf for Half<dyn ReadHalf> {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.1.read(buf, until)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1.try_read(buf)
    }

    fn read_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize, until: Option<Instant>) -> io::Result<usize> {
        self.1.read_to_pipe(pipe, len, until).inspect(|count| _ = self.0.received.fetch_add(*count, Ordering::SeqCst))
    }
}

impl WriteHalf for Half<dyn WriteHalf> {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.1.write(bufs, until)
    }

    fn takes_pipes(&self) -> bool {
        self.1.takes_pipes()
    }

    fn write_from_pipe(&mut self, pipe: &mut KernelPipe, until: Option<Instant>) -> io::Result<usize> {
        self.1.write_from_pipe(pipe, until).inspect(|count| _ = self.0.sent.fetch_add(*count, Ordering::SeqCst))
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.1.finish(until)
    }
}

#[test]
fn files_are_moved_not_read() {
    watchdog(|| {
        const LEN: usize = 8 << 20;
        for transport in [TransportKind::Tcp, TransportKind::Unix] {
            let files = Arc::new(Files { from: file(&bytes(LEN)), into: file(b"") });
            let moved = Arc::<Moved>::default();
            let counter = Arc::clone(&moved);
            let (client, _connections) = transport.serve_with(
                StoreServer::new(files),
                ClientConfig::default(),
                ServerConfig::default(),
                move |parts| counted(parts, &counter),
            );
            let client = StoreClient::new(client);
            client.fetch().unwrap().copy_to(&mut file(b"")).unwrap();
            let received = moved.received.load(Ordering::SeqCst);
            assert!(received > LEN * 9 / 10, "{received} of {LEN} bytes were moved over {transport:?}");
            client.digest(&mut file(&bytes(LEN))).unwrap();
            let sent = moved.sent.load(Ordering::SeqCst);
            assert!(sent > LEN * 9 / 10, "{sent} of {LEN} bytes were moved over {transport:?}");
        }
    });
}

#[test]
fn a_short_file_opens_no_pipe() {
    watchdog(|| {
        let files = Arc::new(Files { from: file(&bytes(100_000)), into: file(b"") });
        let moved = Arc::<Moved>::default();
        let counter = Arc::clone(&moved);
        let (client, _connections) = TransportKind::Tcp.serve_with(
            StoreServer::new(files),
            ClientConfig::default(),
            ServerConfig::default(),
            move |parts| counted(parts, &counter),
        );
        let client = StoreClient::new(client);
        client.fetch().unwrap().copy_to(&mut file(b"")).unwrap();
        client.digest(&mut file(&bytes(100_000))).unwrap();
        assert_eq!((moved.received.load(Ordering::SeqCst), moved.sent.load(Ordering::SeqCst)), (0, 0));
    });
}

/// A progress bar costs no copy.
#[test]
fn what_is_counted_is_moved_all_the_same() {
    watchdog(|| {
        const LEN: usize = 8 << 20;
        let files = Arc::new(Files { from: file(&bytes(LEN)), into: file(b"") });
        let (moved, count) = (Arc::<Moved>::default(), Arc::<AtomicU64>::default());
        let counter = Arc::clone(&moved);
        let (client, _connections) = TransportKind::Tcp.serve_with(
            StoreServer::new(files),
            ClientConfig::default(),
            ServerConfig::default(),
            move |parts| counted(parts, &counter),
        );
        let octets = Client::call(&client, "fetch").octets().unwrap();
        copy(&mut Counted::new(octets, Arc::clone(&count)), &mut file(b"")).unwrap();
        assert_eq!(count.swap(0, Ordering::Relaxed), LEN as u64);
        assert!(moved.received.load(Ordering::SeqCst) > LEN * 9 / 10);
        let content = Counted::new(file(&bytes(LEN)), Arc::clone(&count));
        StoreClient::new(client).digest(content).unwrap();
        assert_eq!(count.load(Ordering::Relaxed), LEN as u64);
        assert!(moved.sent.load(Ordering::SeqCst) > LEN * 9 / 10);
    });
}
