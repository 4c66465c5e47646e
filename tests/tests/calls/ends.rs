//! Streams that end early or fail, and what the other side sees.

use std::io::{self, Cursor, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;

use rpc_core::{Address, Error, Misuse, Result, rpc_service};
use rpc_tests::{watchdog, wire};

use crate::fixture::{Served, pattern};

#[rpc_service]
trait Watched {
    fn endless(&self) -> Result<impl Read>;
    fn keep(&self, content: impl Read + 'static + Send) -> Result<String>;
    fn broken(&self, length: usize) -> Result<impl Read>;
    fn receive(&self, content: impl Read) -> Result<u64>;
}

#[derive(Clone)]
struct Watching {
    /// A service that reports what happens to its streams.
    reports: mpsc::SyncSender<String>,
    kept: mpsc::SyncSender<Box<dyn Read + Send>>,
}

/// Endless bytes; reports when it is dropped.
struct Endless(mpsc::SyncSender<String>);

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        io::repeat(7).read(buf)
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.send("dropped".into()).unwrap();
    }
}

impl Watched for Watching {
    fn endless(&self) -> Result<impl Read> {
        Ok(Endless(self.reports.clone()))
    }

    fn keep(&self, content: impl Read + 'static + Send) -> Result<String> {
        self.kept.send(Box::new(content)).unwrap();
        Ok("x".repeat(8_000_000))
    }

    fn broken(&self, length: usize) -> Result<impl Read> {
        Ok(Cursor::new(pattern(length)).chain(Failing))
    }

    fn receive(&self, mut content: impl Read) -> Result<u64> {
        let outcome = io::copy(&mut content, &mut io::sink());
        self.reports.send(format!("{outcome:?}")).unwrap();
        Ok(outcome?)
    }
}

/// Fails at its first read.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

struct Watch {
    client: WatchedClient,
    reports: mpsc::Receiver<String>,
    kept: mpsc::Receiver<Box<dyn Read + Send>>,
    served: Served,
}

fn watch() -> Watch {
    let ((reports_to, reports), (kept_to, kept)) = (mpsc::sync_channel(16), mpsc::sync_channel(1));
    let served = Served::new(WatchedServer::new(Watching { reports: reports_to, kept: kept_to }));
    Watch { client: WatchedClient::new(served.client()), reports, kept, served }
}

#[test]
fn a_handlers_reader_is_dropped_with_the_callers_stream() {
    watchdog(|| {
        let watch = watch();
        let mut stream = watch.client.endless().unwrap();
        stream.read_exact(&mut vec![0; 1_000_000]).unwrap();
        assert!(watch.reports.try_recv().is_err());
        drop(stream);
        assert_eq!(watch.reports.recv().unwrap(), "dropped");
    });
}

#[test]
fn a_reader_that_outlives_its_call_fails() {
    watchdog(|| {
        let watch = watch();
        assert_eq!(watch.client.keep(&b"never read"[..]).unwrap().len(), 8_000_000);
        let mut kept = watch.kept.recv().unwrap();
        let error = Error::from(kept.read(&mut [0; 100]).unwrap_err());
        assert!(matches!(error, Error::Misuse(Misuse::CallIsOver)) && !error.never_ran(), "{error:?}");
    });
}

#[test]
fn a_reader_that_outlives_its_handler_does_not_take_a_discarded_rest_for_the_end() {
    watchdog(|| {
        let watch = watch();
        let Address::Tcp(place) = watch.served.running.address() else { unreachable!("it is bound to TCP") };
        let mut peer = TcpStream::connect(place).unwrap();
        let header = wire::header(r#"{"Endpoint": "keep", "DataType": 4, "Accept": 3}"#);
        peer.write_all(&[header, wire::data("never read")].concat()).unwrap();
        // the reply has begun and is longer than the sockets' buffers: the call lasts until we read
        // on
        peer.read_exact(&mut [0]).unwrap();
        let mut kept = watch.kept.recv().unwrap();
        let error = Error::from(kept.read(&mut [0; 100]).unwrap_err());
        assert!(matches!(error, Error::Misuse(Misuse::CallIsOver)) && !error.never_ran(), "{error:?}");
    });
}

#[test]
fn a_source_that_fails_on_the_server_is_an_error() {
    watchdog(|| {
        for length in [0, 1, 300_000] {
            let watch = watch();
            let mut bytes = Vec::new();
            let outcome = watch.client.broken(length).and_then(|mut stream| Ok(stream.read_to_end(&mut bytes)?));
            let error = outcome.unwrap_err();
            assert_eq!(error.remote().expect("the source's own message").message, "the disk is on fire");
            assert!(error.connection_usable());
            assert!(bytes == pattern(length), "what came before arrives: {} of {length}", bytes.len());
        }
    });
}

#[test]
fn a_source_that_fails_on_the_client_is_an_error() {
    watchdog(|| {
        let watch = watch();
        for length in [0, 1, 300_000] {
            let error = watch.client.receive(Cursor::new(pattern(length)).chain(Failing)).unwrap_err();
            assert!(
                matches!(&error, Error::Source { error: own, .. } if own.to_string() == "the disk is on fire"),
                "{error:?}"
            );
            let report = watch.reports.recv().unwrap();
            assert!(report.starts_with("Err"), "the handler sees a clean end: {report}");
        }
        assert_eq!(watch.client.receive(&b"well"[..]).unwrap(), 4);
    });
}
