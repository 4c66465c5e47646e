//! A service with a stream of values in each place where one may stand, and its values.

use std::fmt;
use std::io::{BufReader, Read};

use rpc_core::{Error, Result, rpc_service, values};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) size: u64,
}

/// The first entries of an endless list.
pub(crate) fn entries(count: u64) -> Vec<Entry> {
    (0..count).map(entry).collect()
}

pub(crate) fn entry(number: u64) -> Entry {
    Entry { name: format!("é\n\"{number}\""), size: number }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
}

/// An error of its own, which arrives as its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum DepotError {
    Full { count: u64 },
    Call(String),
}

impl From<Error> for DepotError {
    fn from(error: Error) -> DepotError {
        DepotError::Call(error.to_string())
    }
}

impl fmt::Display for DepotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

#[rpc_service]
pub(crate) trait Depot {
    /// Entries from the server.
    fn entries(&self, count: u64) -> Result<impl Iterator<Item = Result<Entry>>>;
    /// Entries from the client.
    fn import(&self, batch: &str, entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary>;
    /// Entries from the client and nothing else.
    fn count(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary>;
    /// A value first, then many.
    fn scan(&self, count: u64) -> Result<(Summary, impl Iterator<Item = Result<u64>>)>;
    /// Both ways at once: twice the size of each.
    fn enrich(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<impl Iterator<Item = Result<u64>>>;
    /// Octets one way, values the other: the bytes.
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u8>>>;
    /// Values one way, octets the other: their names.
    fn join(&self, name: &str, entries: impl Iterator<Item = Result<Entry>>) -> Result<impl Read>;
    /// Fails after some items, with an error of its own.
    fn overflow(&self, count: u64) -> Result<impl Iterator<Item = Result<Entry, DepotError>>, DepotError>;
    /// Takes items that may fail with an error of their own, and counts them.
    fn fill(&self, entries: impl Iterator<Item = Result<Entry, DepotError>>) -> Result<u64, DepotError>;
    /// A stream that borrows from its arguments.
    fn letters<'a>(&'a self, text: &'a str) -> Result<impl Iterator<Item = Result<char>> + 'a>;
}

/// Does what the trait says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf;

pub(crate) fn summary(entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary> {
    let mut summary = Summary { count: 0, bytes: 0 };
    for entry in entries {
        summary.count += 1;
        summary.bytes += entry?.size;
    }
    Ok(summary)
}

impl Depot for Shelf {
    fn entries(&self, count: u64) -> Result<impl Iterator<Item = Result<Entry>>> {
        Ok(values((0..count).map(entry)))
    }

    fn import(&self, batch: &str, entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary> {
        if batch == "closed" { Err(Error::new("the depot is closed")) } else { summary(entries) }
    }

    fn count(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary> {
        summary(entries)
    }

    fn scan(&self, count: u64) -> Result<(Summary, impl Iterator<Item = Result<u64>>)> {
        Ok((Summary { count, bytes: 0 }, values(0..count)))
    }

    fn enrich(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<impl Iterator<Item = Result<u64>>> {
        Ok(entries.map(|entry| entry.map(|entry| entry.size * 2)))
    }

    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u8>>> {
        Ok(BufReader::new(content).bytes().map(|byte| Ok(byte?)))
    }

    fn join(&self, name: &str, entries: impl Iterator<Item = Result<Entry>>) -> Result<impl Read> {
        Ok(Names { first: name.as_bytes().to_vec(), entries })
    }

    fn overflow(&self, count: u64) -> Result<impl Iterator<Item = Result<Entry, DepotError>>, DepotError> {
        let full = std::iter::once(Err(DepotError::Full { count }));
        Ok(values(entries(count)).chain(full))
    }

    fn fill(&self, entries: impl Iterator<Item = Result<Entry, DepotError>>) -> Result<u64, DepotError> {
        entries.map(|entry| entry.map(|_| 1)).sum()
    }

    fn letters<'a>(&'a self, text: &'a str) -> Result<impl Iterator<Item = Result<char>> + 'a> {
        Ok(values(text.chars()))
    }
}

/// A name, and then those of all entries.
struct Names<I> {
    first: Vec<u8>,
    entries: I,
}

impl<I: Iterator<Item = Result<Entry>>> Read for Names<I> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        while self.first.is_empty() {
            match self.entries.next() {
                Some(entry) => self.first = entry?.name.into_bytes(),
                None => return Ok(0),
            }
        }
        let count = self.first.len().min(buf.len());
        buf[..count].copy_from_slice(&self.first[..count]);
        self.first.drain(..count);
        Ok(count)
    }
}

#[rpc_service]
pub(crate) trait Ledger {
    fn add(&mut self, sizes: impl Iterator<Item = Result<u64>>) -> Result<u64>;
    fn all(&mut self) -> Result<impl Iterator<Item = Result<u64>>>;
    fn running(&mut self, sizes: impl Iterator<Item = Result<u64>>) -> Result<impl Iterator<Item = Result<u64>>>;
}

/// Keeps what was added on its connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book(Vec<u64>);

impl Ledger for Book {
    fn add(&mut self, sizes: impl Iterator<Item = Result<u64>>) -> Result<u64> {
        for size in sizes {
            self.0.push(size?);
        }
        Ok(self.0.len() as u64)
    }

    fn all(&mut self) -> Result<impl Iterator<Item = Result<u64>>> {
        Ok(values(self.0.iter().copied()))
    }

    fn running(&mut self, sizes: impl Iterator<Item = Result<u64>>) -> Result<impl Iterator<Item = Result<u64>>> {
        Ok(sizes.map(|size| {
            self.0.push(size?);
            Ok(self.0.iter().sum())
        }))
    }
}
