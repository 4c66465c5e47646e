//! Servers that answer early and then read nothing more.

use std::io::{Read, Write};
use std::thread;

use rpc_core::Client;
use rpc_core::transport::memory_pair;
use rpc_tests::{watchdog, wire};
use serde_json::Value;

#[test]
fn an_early_reply_ends_an_endless_upload() {
    watchdog(|| {
        // the server answers at once and reads nothing; the endless upload must still end
        let (mut server, transport) = memory_pair();
        thread::scope(|scope| {
            scope.spawn(move || {
                server.write_all(&wire::refusal(4, "disk full")).unwrap();
                std::io::copy(&mut server, &mut std::io::sink()).unwrap();
            });
            let client = Client::from_transport(AfterFirstWrite::new(transport)).unwrap();
            let error = client.call("x").with_octets(std::io::repeat(7)).json::<Value>().unwrap_err();
            assert_eq!(error.remote().expect("the server's reply").message, "disk full");
            assert!(!error.connection_usable(), "towards revision 0 only closing can end the upload");
        });
    });
}

#[test]
fn a_reply_before_a_broken_pipe_arrives() {
    watchdog(|| {
        // the server refuses early and stops reading: the write fails, and the reply says why
        let (mut server, transport) = memory_pair();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut first = [0; 6];
                server.read_exact(&mut first).unwrap();
                server.write_all(&wire::refusal(2, "too large")).unwrap();
            });
            let client = Client::from_transport(transport).unwrap();
            let error = client.call("x").with(&"y".repeat(1 << 19)).json::<Value>().unwrap_err();
            assert_eq!(error.remote().expect("the server's reply").message, "too large");
        });
    });
}

use after_first_write::AfterFirstWrite;

/// A transport that hides incoming bytes until the first write, as if the server had waited for it.
mod after_first_write {
    use std::io::{self, IoSlice};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use rpc_core::Transport;
    use rpc_core::transport::{Parts, ReadHalf, WriteHalf};

    pub(super) struct AfterFirstWrite<T>(T, Arc<AtomicBool>);

    impl<T> AfterFirstWrite<T> {
        pub(super) fn new(transport: T) -> Self {
            AfterFirstWrite(transport, Arc::default())
        }
    }

    impl<T: Transport> Transport for AfterFirstWrite<T> {
        fn into_parts(self) -> io::Result<Parts> {
            let parts = self.0.into_parts()?;
            let written = Arc::clone(&self.1);
            Ok(Parts {
                reader: Box::new(Half(parts.reader, written)),
                writer: Box::new(Half(parts.writer, self.1)),
                ..parts
            })
        }
    }

    struct Half<T: ?Sized>(Box<T>, Arc<AtomicBool>);

    impl ReadHalf for Half<dyn ReadHalf> {
        fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
            self.0.read(buf, until)
        }

        fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.1.load(Ordering::SeqCst) { self.0.try_read(buf) } else { Err(io::ErrorKind::WouldBlock.into()) }
        }
    }

    impl WriteHalf for Half<dyn WriteHalf> {
        fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
            self.1.store(true, Ordering::SeqCst);
            self.0.write(bufs, until)
        }

        fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
            self.0.finish(until)
        }
    }
}
