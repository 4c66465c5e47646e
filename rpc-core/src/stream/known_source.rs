//! Readers that have bytes in memory or a descriptor.

use std::io::{self, BufRead, BufReader, Cursor, Read, Take};
use std::time::Instant;

use crate::transport::{CancelToken, Filled, KernelPipe, wait_readable};

/// A reader with bytes in memory, a descriptor, or both; the bytes in memory come first.
///
/// It does not require `Read`, because each of the many types would add code for methods that
/// nobody calls.
pub(crate) trait KnownSource {
    /// Reads as [`Read::read`] does.
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// Returns the bytes in memory.
    fn in_memory(&self) -> &[u8] {
        &[]
    }

    /// Skips bytes in memory.
    fn consume(&mut self, _count: usize) {}

    /// Blocks until a read would not, or `token` is cancelled, but no longer than `until`. Returns
    /// at once if that cannot be known.
    fn await_bytes(&self, _until: Option<Instant>, _token: Option<&CancelToken>) -> io::Result<()> {
        Ok(())
    }

    /// Moves at most `len` bytes from the descriptor into `pipe`. Called only if `len` is not 0,
    /// the pipe is empty, and no bytes are in memory.
    fn fill(&mut self, _pipe: &mut KernelPipe, _len: usize) -> io::Result<Filled> {
        Ok(Filled::Never)
    }
}

macro_rules! descriptors {
    ($($source:ty),*) => {$(
        impl KnownSource for $source {
            fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                self.read(buf)
            }

            fn await_bytes(&self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
                wait_readable(self, until, token)
            }

            fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
                Filled::by(pipe.fill(&*self, len))
            }
        }
    )*};
}

descriptors!(std::fs::File, std::net::TcpStream, &std::fs::File, &std::net::TcpStream);
#[cfg(unix)]
descriptors!(std::os::unix::net::UnixStream, &std::os::unix::net::UnixStream);
descriptors!(io::PipeReader, &io::PipeReader, std::process::ChildStdout, std::process::ChildStderr);

impl KnownSource for &[u8] {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn in_memory(&self) -> &[u8] {
        self
    }

    fn consume(&mut self, count: usize) {
        *self = &self[count..];
    }
}

impl<T: AsRef<[u8]>> KnownSource for Cursor<T> {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn in_memory(&self) -> &[u8] {
        let bytes = self.get_ref().as_ref();
        // a cursor may be after the end
        usize::try_from(self.position()).ok().and_then(|at| bytes.get(at..)).unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        self.set_position(self.position() + count as u64);
    }
}

impl<S: KnownSource + Read> KnownSource for BufReader<S> {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn in_memory(&self) -> &[u8] {
        if self.buffer().is_empty() { self.get_ref().in_memory() } else { self.buffer() }
    }

    fn consume(&mut self, count: usize) {
        if self.buffer().is_empty() { self.get_mut().consume(count) } else { BufRead::consume(self, count) }
    }

    fn await_bytes(&self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
        if self.buffer().is_empty() { self.get_ref().await_bytes(until, token) } else { Ok(()) }
    }

    fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
        self.get_mut().fill(pipe, len)
    }
}

impl<S: KnownSource + Read> KnownSource for Take<S> {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn in_memory(&self) -> &[u8] {
        let in_memory = self.get_ref().in_memory();
        &in_memory[..at_most(in_memory.len(), self.limit())]
    }

    fn consume(&mut self, count: usize) {
        self.get_mut().consume(count);
        self.set_limit(self.limit() - count as u64);
    }

    fn await_bytes(&self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
        if self.limit() > 0 { self.get_ref().await_bytes(until, token) } else { Ok(()) }
    }

    fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
        let len = at_most(len, self.limit());
        if len == 0 {
            return Ok(Filled::With(0));
        }
        let filled = self.get_mut().fill(pipe, len)?;
        if let Filled::With(count) = filled {
            self.set_limit(self.limit() - count as u64);
        }
        Ok(filled)
    }
}

fn at_most(len: usize, limit: u64) -> usize {
    usize::try_from(limit).map_or(len, |limit| len.min(limit))
}

impl<S: KnownSource> KnownSource for &mut S {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (**self).read_some(buf)
    }

    fn in_memory(&self) -> &[u8] {
        (**self).in_memory()
    }

    fn consume(&mut self, count: usize) {
        (**self).consume(count);
    }

    fn await_bytes(&self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
        (**self).await_bytes(until, token)
    }

    fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
        (**self).fill(pipe, len)
    }
}
