//! A service that sends, receives and forwards any number of bytes, and keeps none.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rpc_core::{Error, Result, Server, ServerHandle, rpc_service, values};
use serde::{Deserialize, Serialize};

#[rpc_service]
pub(crate) trait Depot {
    fn echo(&self, text: String) -> Result<String>;
    fn down(&self, count: u64) -> Result<impl Read>;
    fn file(&self, path: &Path) -> Result<impl Read>;
    fn up(&self, content: impl Read) -> Result<u64>;
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;
    fn open(&self, count: u64) -> Result<(u64, impl Read)>;
    fn through<'a>(&'a self, content: impl Read + 'a) -> Result<impl Read>;
    fn names(&self, count: u64) -> Result<impl Iterator<Item = Result<Name>>>;
    fn count(&self, names: impl Iterator<Item = Result<Name>>) -> Result<u64>;
    fn rename(&self, names: impl Iterator<Item = Result<Name>>) -> Result<impl Iterator<Item = Result<Name>>>;
}

/// A small item: with its line break it is 62 bytes of JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct Name {
    name: String,
    size: u64,
}

impl Name {
    pub(crate) const LEN: u64 = 62;

    pub(crate) fn number(number: u64) -> Name {
        Name { name: format!("folder/file-{number:017}"), size: 1_000_000_000_000 }
    }
}

#[derive(Clone)]
pub(crate) struct Empty;

impl Depot for Empty {
    fn echo(&self, text: String) -> Result<String> {
        Ok(text)
    }

    fn down(&self, count: u64) -> Result<impl Read> {
        Ok(zeros(count))
    }

    fn file(&self, path: &Path) -> Result<impl Read> {
        File::open(path).map_err(|error| Error::new(format!("{}: {error}", path.display())))
    }

    fn up(&self, mut content: impl Read) -> Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }

    fn store(&self, _name: &str, content: impl Read) -> Result<u64> {
        self.up(content)
    }

    fn open(&self, count: u64) -> Result<(u64, impl Read)> {
        Ok((count, zeros(count)))
    }

    fn through<'a>(&'a self, content: impl Read + 'a) -> Result<impl Read> {
        Ok(content)
    }

    fn names(&self, count: u64) -> Result<impl Iterator<Item = Result<Name>>> {
        Ok(values((0..count).map(Name::number)))
    }

    fn count(&self, names: impl Iterator<Item = Result<Name>>) -> Result<u64> {
        names.map(|name| name.map(|_| 1)).sum()
    }

    fn rename(&self, names: impl Iterator<Item = Result<Name>>) -> Result<impl Iterator<Item = Result<Name>>> {
        Ok(names)
    }
}

/// Yields zeros without touching the buffer, because the cost of a disk is not measured here.
struct Zeros;

impl Read for Zeros {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(buf.len())
    }
}

pub(crate) fn zeros(count: u64) -> impl Read {
    Zeros.take(count)
}

pub(crate) fn serve(address: &str) -> ServerHandle {
    Server::bind(address).unwrap().spawn(DepotServer::new(Empty)).unwrap()
}
