//! How a stream ends where it does not end well, and what the other side sees of it.

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
    /// What happens to streams on the server's side.
    told: mpsc::SyncSender<String>,
    kept: mpsc::SyncSender<Box<dyn Read + Send>>,
}

/// Bytes without end; tells when it is dropped.
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
        Ok(Endless(self.told.clone()))
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
        self.told.send(format!("{outcome:?}")).unwrap();
        Ok(outcome?)
    }
}

/// Fails at once.
struct Failing;

impl Read for Failing {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

struct Watch {
    client: WatchedClient,
    told: mpsc::Receiver<String>,
    kept: mpsc::Receiver<Box<dyn Read + Send>>,
    served: Served,
}

fn watch() -> Watch {
    let ((told_to, told), (kept_to, kept)) = (mpsc::sync_channel(16), mpsc::sync_channel(1));
    let served = Served::new(WatchedServer::new(Watching { told: told_to, kept: kept_to }));
    Watch { client: WatchedClient::new(served.client()), told, kept, served }
}

#[test]
fn a_handlers_reader_is_dropped_when_nobody_wants_it() {
    watchdog(|| {
        let watch = watch();
        let mut stream = watch.client.endless().unwrap();
        stream.read_exact(&mut vec![0; 1_000_000]).unwrap();
        assert!(watch.told.try_recv().is_err());
        drop(stream);
        assert_eq!(watch.told.recv().unwrap(), "dropped");
    });
}

#[test]
fn a_reader_that_outlives_its_call_is_told_that_it_is_over() {
    watchdog(|| {
        let watch = watch();
        assert_eq!(watch.client.keep(&b"never read"[..]).unwrap().len(), 8_000_000);
        let mut kept = watch.kept.recv().unwrap();
        let error = Error::from(kept.read(&mut [0; 100]).unwrap_err());
        assert!(matches!(error, Error::Misuse(Misuse::CallIsOver)) && !error.never_ran(), "{error:?}");
    });
}

#[test]
fn a_reader_that_outlives_its_handler_sees_no_end_where_the_rest_was_thrown_away() {
    watchdog(|| {
        let watch = watch();
        let Address::Tcp(place) = watch.served.running.address() else { unreachable!("it is bound to TCP") };
        let mut peer = TcpStream::connect(place).unwrap();
        let header = wire::header(r#"{"Endpoint": "keep", "DataType": 4, "Accept": 3}"#);
        peer.write_all(&[header, wire::data("never read")].concat()).unwrap();
        // the reply has begun, and it is longer than what the sockets hold: the call is not over while we read no more
        peer.read_exact(&mut [0]).unwrap();
        let mut kept = watch.kept.recv().unwrap();
        let error = Error::from(kept.read(&mut [0; 100]).unwrap_err());
        assert!(matches!(error, Error::Misuse(Misuse::CallIsOver)) && !error.never_ran(), "{error:?}");
    });
}

#[test]
fn a_source_that_fails_on_the_server_is_no_end() {
    watchdog(|| {
        for length in [0, 1, 300_000] {
            let watch = watch();
            let mut bytes = Vec::new();
            let outcome = watch.client.broken(length).and_then(|mut stream| Ok(stream.read_to_end(&mut bytes)?));
            let error = outcome.unwrap_err();
            assert_eq!(error.remote().expect("the source's own words").message, "the disk is on fire");
            assert!(error.connection_usable());
            assert!(bytes == pattern(length), "what came before is delivered: {} of {length}", bytes.len());
        }
    });
}

#[test]
fn a_source_that_fails_on_the_client_is_no_end() {
    watchdog(|| {
        let watch = watch();
        for length in [0, 1, 300_000] {
            let error = watch.client.receive(Cursor::new(pattern(length)).chain(Failing)).unwrap_err();
            assert!(
                matches!(&error, Error::Source { error: own, .. } if own.to_string() == "the disk is on fire"),
                "{error:?}"
            );
            let told = watch.told.recv().unwrap();
            assert!(told.starts_with("Err"), "the handler believes in an end: {told}");
        }
        assert_eq!(watch.client.receive(&b"well"[..]).unwrap(), 4);
    });
}
