//! Counting a stream's bytes while they move.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::transport::{CancelToken, Filled, KernelPipe};

use super::KnownSource;

/// Counts the bytes that are read from a reader, for another thread to look at: a progress bar, for
/// example.
///
/// The kernel goes on moving bytes from a `Counted<File>` and a `Counted<OctetReader>` as it does
/// without the counter, which a reader of your own would end. So wrap a file to watch an upload,
/// and a stream from a [`Client`](crate::Client) before it is [copied](crate::copy()) to watch a
/// download.
///
/// ```
/// use std::fs::File;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use rpc_core::{Counted, copy};
///
/// let count = Arc::<AtomicU64>::default();
/// let mut file = Counted::new(File::open("Cargo.toml")?, Arc::clone(&count));
/// let copied = copy(&mut file, &mut std::io::sink())?;
/// assert_eq!(count.load(Ordering::Relaxed), copied);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Counted<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    /// Adds the number of bytes to `count` as they are read.
    pub fn new(reader: R, count: Arc<AtomicU64>) -> Counted<R> {
        Counted { reader, count }
    }

    /// Returns the reader.
    pub fn into_inner(self) -> R {
        self.reader
    }

    fn add(&self, count: usize) {
        self.count.fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf).inspect(|count| self.add(*count))
    }
}

impl<R: KnownSource> KnownSource for Counted<R> {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read_some(buf).inspect(|count| self.add(*count))
    }

    fn in_memory(&self) -> &[u8] {
        self.reader.in_memory()
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.add(count);
    }

    fn await_bytes(&self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
        self.reader.await_bytes(until, token)
    }

    fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
        let filled = self.reader.fill(pipe, len)?;
        if let Filled::With(count) = filled {
            self.add(count);
        }
        Ok(filled)
    }
}
