//! The service under test, and a server for it that counts its connections.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rpc_core::{Client, ClientConfig, Error, Result, Server, ServerConfig, ServerHandle, rpc_service};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) size: u64,
}

/// A service's own error type.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Poor { missing: u64 },
    Said(String),
    Failed { never_ran: bool },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::Remote(remote) => Refusal::Said(remote.message),
            other => Refusal::Failed { never_ran: other.never_ran() },
        }
    }
}

/// A map that JSON cannot express, because its keys are not strings.
pub(crate) type Keyed = BTreeMap<Vec<u8>, u8>;

#[rpc_service]
pub(crate) trait Shapes {
    fn nothing(&self) -> Result<()>;
    fn text(&self, text: &str) -> Result<String>;
    fn numbers(&self, numbers: &[i64]) -> Result<Vec<i64>>;
    fn place(&self, place: &Path) -> Result<PathBuf>;
    fn record(&self, record: &Record) -> Result<Record>;
    fn owned(&self, record: Record) -> Result<Option<Record>>;
    fn join(&self, left: &str, right: String, separator: Option<char>) -> Result<String>;
    fn r#type(&self, r#fn: u8) -> Result<u8>;
    fn no(&self, why: &str) -> Result<u64>;
    fn refuse(&self, missing: u64) -> Result<u64, Refusal>;
    fn input_output(&self, why: &str) -> Result<()>;
    fn keyed(&self, keyed: Keyed) -> Result<()>;
    fn unsendable(&self) -> Result<Keyed>;
    fn pattern(&self, length: usize) -> Result<impl Read>;
    fn repeat(&self, text: &str, times: usize) -> Result<impl Read>;
    fn stamp(&self) -> Result<impl Read>;
    fn receive(&self, content: impl Read) -> Result<(u64, u64)>;
    #[rpc(name = "Stamp.Check")]
    fn check(&self, content: impl Read) -> Result<String, Refusal>;
}

#[derive(Debug, Clone)]
pub(crate) struct Handler;

impl Shapes for Handler {
    fn nothing(&self) -> Result<()> {
        Ok(())
    }

    fn text(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    fn numbers(&self, numbers: &[i64]) -> Result<Vec<i64>> {
        Ok(numbers.iter().rev().copied().collect())
    }

    fn place(&self, place: &Path) -> Result<PathBuf> {
        Ok(place.join("inside"))
    }

    fn record(&self, record: &Record) -> Result<Record> {
        Ok(record.clone())
    }

    fn owned(&self, record: Record) -> Result<Option<Record>> {
        Ok(Some(record).filter(|record| record.size > 0))
    }

    fn join(&self, left: &str, right: String, separator: Option<char>) -> Result<String> {
        Ok(match separator {
            Some(separator) => format!("{left}{separator}{right}"),
            None => format!("{left}{right}"),
        })
    }

    fn r#type(&self, r#fn: u8) -> Result<u8> {
        Ok(r#fn + 1)
    }

    fn no(&self, why: &str) -> Result<u64> {
        Err(Error::new(why))
    }

    fn refuse(&self, missing: u64) -> Result<u64, Refusal> {
        if missing > 0 { Err(Refusal::Poor { missing }) } else { Ok(7) }
    }

    fn input_output(&self, why: &str) -> Result<()> {
        Err(io::Error::new(io::ErrorKind::BrokenPipe, why))?
    }

    fn keyed(&self, _keyed: Keyed) -> Result<()> {
        panic!("no such map can arrive")
    }

    fn unsendable(&self) -> Result<Keyed> {
        Ok(Keyed::from([(vec![1], 1)]))
    }

    fn pattern(&self, length: usize) -> Result<impl Read> {
        Ok(Cursor::new(pattern(length)))
    }

    fn repeat(&self, text: &str, times: usize) -> Result<impl Read> {
        // borrows from the argument while the reply is sent
        Ok(Repeated { text: text.as_bytes(), times, rest: b"" })
    }

    fn stamp(&self) -> Result<impl Read> {
        Ok(&b"stamp"[..])
    }

    fn receive(&self, mut content: impl Read) -> Result<(u64, u64)> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64, checksum(&bytes)))
    }

    fn check(&self, mut content: impl Read) -> Result<String, Refusal> {
        let mut text = String::new();
        content.read_to_string(&mut text).map_err(|error| Refusal::Said(error.to_string()))?;
        Ok(text)
    }
}

struct Repeated<'a> {
    text: &'a [u8],
    times: usize,
    rest: &'a [u8],
}

impl Read for Repeated<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.times > 0 {
            self.times -= 1;
            self.rest = self.text;
        }
        self.rest.read(buf)
    }
}

/// Bytes whose period, 251, divides no buffer size, so a lost, doubled or moved piece shows.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(length).collect()
}

/// Returns a checksum that depends on each byte and its position.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(17, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
}

/// A server on a free port, which counts the connections that it accepts.
pub(crate) struct Served {
    pub(crate) running: ServerHandle,
    connections: Arc<AtomicUsize>,
}

impl Served {
    pub(crate) fn new<D: rpc_core::Dispatch + Clone + Send + Sync + 'static>(service: D) -> Served {
        Served::with(service, ServerConfig::default())
    }

    pub(crate) fn with<D: rpc_core::Dispatch + Clone + Send + Sync + 'static>(
        service: D,
        config: ServerConfig,
    ) -> Served {
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let running = Server::bind_with("tcp://127.0.0.1:0", config)
            .unwrap()
            .spawn_with(move |_peer| {
                counter.fetch_add(1, Ordering::SeqCst);
                service.clone()
            })
            .unwrap();
        Served { running, connections }
    }

    /// Returns a client with one connection, opened now.
    pub(crate) fn client(&self) -> Client {
        self.client_with(ClientConfig::default())
    }

    pub(crate) fn client_with(&self, config: ClientConfig) -> Client {
        Client::connect_with(self.running.address(), config).unwrap()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Starts a server of [`Handler`], and returns it with a client.
pub(crate) fn shapes() -> (Served, ShapesClient) {
    let served = Served::new(ShapesServer::new(Handler));
    let client = ShapesClient::new(served.client());
    (served, client)
}
