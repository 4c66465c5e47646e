//! The service of the recorded sessions, as a trait.

use std::io::{self, Read};

use rpc_core::{Error, Result, rpc_service};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The methods of the original server.
#[rpc_service(rename_all = "PascalCase")]
#[expect(clippy::missing_errors_doc, reason = "all fail as any call does")]
pub trait Original {
    /// Returns made-up entries; without any, `null`, which is Go's nil slice.
    fn list(&self, request: ListRequest) -> Result<Option<Vec<Entry>>>;
    /// Returns the same value.
    fn echo(&self, value: Value) -> Result<Value>;
    /// Fails with an error that repeats the text.
    fn fail(&self, text: &str) -> Result<()>;
    /// Fails with a message of this length.
    fn fail_long(&self, letters: usize) -> Result<()>;
    /// Returns the first `count` bytes of the [`pattern`].
    fn send_pattern(&self, count: u64) -> Result<impl Read>;
    /// Returns `count` zeros, then fails.
    fn send_broken(&self, count: u64) -> Result<impl Read>;
    /// Returns how many bytes were received.
    fn receive(&self, content: impl Read) -> Result<u64>;
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRequest {
    /// The prefix of the names.
    pub prefix: String,
    /// The number of entries.
    pub limit: u64,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entry {
    /// The prefix and a number.
    pub name: String,
    /// A thousand times the number.
    pub size: u64,
    /// Two fixed strings.
    pub tags: Vec<String>,
}

/// A handler that behaves like the original one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference;

impl Original for Reference {
    fn list(&self, request: ListRequest) -> Result<Option<Vec<Entry>>> {
        let entry = |i| Entry {
            name: format!("{}/{i}", request.prefix),
            size: 1000 * i,
            tags: vec!["a".to_owned(), "<b>".to_owned()],
        };
        Ok((request.limit > 0).then(|| (0..request.limit).map(entry).collect()))
    }

    fn echo(&self, value: Value) -> Result<Value> {
        Ok(value)
    }

    fn fail(&self, text: &str) -> Result<()> {
        Err(Error::new(format!("handler says no: {text}")))
    }

    fn fail_long(&self, letters: usize) -> Result<()> {
        Err(Error::new("x".repeat(letters)))
    }

    fn send_pattern(&self, count: u64) -> Result<impl Read> {
        Ok(Pattern(0).take(count))
    }

    fn send_broken(&self, count: u64) -> Result<impl Read> {
        Ok(io::repeat(0).take(count).chain(Broken))
    }

    fn receive(&self, mut content: impl Read) -> Result<u64> {
        Ok(io::copy(&mut content, &mut io::sink())?)
    }
}

/// Returns the first `count` bytes of the pattern, in which byte `i` is `(i * 7) % 251`.
///
/// # Panics
/// If memory runs out.
pub fn pattern(count: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    Pattern(0).take(count).read_to_end(&mut bytes).expect("a pattern never fails");
    bytes
}

struct Pattern(u64);

impl Read for Pattern {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *buf {
            *byte = u8::try_from((self.0 * 7) % 251).expect("it is below 251");
            self.0 += 1;
        }
        Ok(buf.len())
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the source broke"))
    }
}
