//! The service that the help and `docs/cli.md` call.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex};

use rpc_core::{Error, Result, Server, ServerConfig, ServerHandle, rpc_service, values};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file of the depot.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    pub name: String,
    pub size: u64,
}

/// Keeps files.
#[rpc_service]
pub trait Depot {
    /// Stores a file, and returns its size. It replaces the one of that name.
    #[rpc(alias = "put")]
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;
    /// Returns a file.
    fn fetch(&self, name: &str) -> Result<impl Read>;
    /// Returns what is known of a file.
    #[rpc(idempotent)]
    fn stat(&self, name: &str) -> Result<Entry>;
    /// Lists the files whose names begin with `prefix`.
    fn list(&self, prefix: Option<String>) -> Result<impl Iterator<Item = Result<Entry>>>;
    /// Announces files that will be stored, and returns their total size.
    fn announce(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<u64>;
}

#[derive(Clone)]
pub struct Shelf(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Shelf {
    /// A depot with one file.
    pub fn new() -> Shelf {
        Shelf(Arc::new(Mutex::new(BTreeMap::from([("notes.txt".to_owned(), b"hello\n".to_vec())]))))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        let file = self.0.lock().unwrap().get(name).cloned();
        file.ok_or_else(|| Error::new(format!("there is no {name}")))
    }
}

impl Depot for Shelf {
    fn store(&self, name: &str, mut content: impl Read) -> Result<u64> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        let size = bytes.len() as u64;
        self.0.lock().unwrap().insert(name.to_owned(), bytes);
        Ok(size)
    }

    fn fetch(&self, name: &str) -> Result<impl Read> {
        self.read(name).map(Cursor::new)
    }

    fn stat(&self, name: &str) -> Result<Entry> {
        Ok(Entry { name: name.to_owned(), size: self.read(name)?.len() as u64 })
    }

    fn list(&self, prefix: Option<String>) -> Result<impl Iterator<Item = Result<Entry>>> {
        let prefix = prefix.unwrap_or_default();
        let files = self.0.lock().unwrap().clone().into_iter();
        let found = files.filter(move |(name, _)| name.starts_with(&prefix));
        Ok(values(found.map(|(name, bytes)| Entry { name, size: bytes.len() as u64 })))
    }

    fn announce(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<u64> {
        entries.map(|entry| Ok(entry?.size)).sum()
    }
}

/// Serves a depot that describes itself, or does not.
pub fn serve(describe: bool) -> ServerHandle {
    let config = ServerConfig::default().describe(describe);
    Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(DepotServer::new(Shelf::new())).unwrap()
}
