//! Content of known types: bytes in memory are sent from where they are, and the kernel moves the
//! contents of descriptors. What arrives is the same.
#![cfg(unix)]

mod both_ways;
mod failing;
#[cfg(target_os = "linux")]
mod interrupt;
mod moved;
#[cfg(target_os = "linux")]
mod signals;
mod sinks;
mod sources;
mod trickling;

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufReader, Cursor, Read, Seek, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rpc_core::{Error, Result, rpc_service};
use rpc_tests::TransportKind;

/// A store of one entry.
#[rpc_service]
trait Store {
    /// The entry, from its file.
    fn fetch(&self) -> Result<impl Read>;
    /// The entry, from its file in a buffer that has been read from: the first bytes are missing.
    fn fetch_buffered(&self, missing: usize) -> Result<impl Read>;
    /// The start of the entry, from its file.
    fn fetch_start(&self, len: u64) -> Result<impl Read>;
    /// The entry, from memory.
    fn fetch_from_memory(&self) -> Result<impl Read>;
    /// The entry, from a process that writes it.
    fn fetch_from_process(&self) -> Result<impl Read>;
    /// Takes an entry and returns what arrived.
    fn digest(&self, content: impl Read) -> Result<Digest>;
    /// Takes an entry into a file and returns how much arrived.
    fn keep(&self, content: impl Read) -> Result<u64>;
}

/// Length and hash of some bytes.
type Digest = (usize, u64);

fn digest_of(bytes: &[u8]) -> Digest {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    (bytes.len(), hasher.finish())
}

/// Serves from a file, and receives into one.
struct Files {
    from: File,
    into: File,
}

impl Files {
    fn opened(&self) -> Result<File> {
        let mut from = self.from.try_clone()?;
        from.rewind()?;
        Ok(from)
    }
}

impl Store for Files {
    fn fetch(&self) -> Result<impl Read> {
        self.opened()
    }

    fn fetch_buffered(&self, missing: usize) -> Result<impl Read> {
        let mut reader = BufReader::new(self.opened()?);
        reader.read_exact(&mut vec![0; missing])?;
        Ok(reader)
    }

    fn fetch_start(&self, len: u64) -> Result<impl Read> {
        Ok(self.opened()?.take(len))
    }

    fn fetch_from_memory(&self) -> Result<impl Read> {
        Ok(Cursor::new(content(&self.from)))
    }

    fn fetch_from_process(&self) -> Result<impl Read> {
        let mut process = Command::new("cat").stdin(self.opened()?).stdout(Stdio::piped()).spawn()?;
        process.stdout.take().ok_or_else(|| Error::new("the process has no output"))
    }

    fn digest(&self, mut content: impl Read) -> Result<Digest> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        Ok(digest_of(&bytes))
    }

    fn keep(&self, mut content: impl Read) -> Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut &self.into)?)
    }
}

/// Returns a client of a store over a kind of transport, and the store's files.
fn serve(transport: TransportKind, bytes: &[u8]) -> (StoreClient, Arc<Files>) {
    let files = Arc::new(Files { from: file(bytes), into: file(b"") });
    let (client, _connections) = transport.serve(StoreServer::new(Arc::clone(&files)));
    (StoreClient::new(client), files)
}

/// Returns bytes without repetition, so that any shift shows.
fn bytes(len: usize) -> Vec<u8> {
    let words = (0..len.div_ceil(8) as u64).flat_map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    words.take(len).collect()
}

/// Returns a file that contains these bytes, positioned at its start.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

/// Returns the contents of a file.
fn content(mut file: &File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Sizes at which the behaviour changes: nothing, one read, before a pipe is opened, some frames,
/// not a multiple of anything.
const SIZES: [usize; 6] = [0, 1, 16 * 1024, 128 * 1024, 1 << 20, 3_333_333];
