//! The connection to a child: a socket whose failures say what has become of the child.

use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::Instant;

use super::super::{CancelToken, KernelPipe, ReadHalf, WriteHalf};
use super::handle::Handle;

/// A half of the connection.
pub(super) struct OfChild<H: ?Sized>(pub(super) Box<H>, pub(super) Arc<Handle>);

impl<H: ?Sized> OfChild<H> {
    /// Adds what has become of the child if the connection has failed.
    fn explained(&self, outcome: io::Result<usize>) -> io::Result<usize> {
        outcome.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => self.1.explain(&error, true),
            _ => error,
        })
    }
}

impl OfChild<dyn ReadHalf> {
    /// Does the same, and the end of the stream counts as a failure.
    fn explained_end(&self, outcome: io::Result<usize>) -> io::Result<usize> {
        match outcome {
            Ok(0) => Err(self.1.explain(&ended(), true)),
            outcome => self.explained(outcome),
        }
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the server has closed the connection")
}

impl ReadHalf for OfChild<dyn ReadHalf> {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.read(buf, until);
        self.explained_end(outcome)
    }

    /// Explains the end as far as it is known, because it must not block.
    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.try_read(buf) {
            Ok(0) => Err(self.1.explain(&ended(), false)),
            outcome => outcome,
        }
    }

    fn read_announced(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.read_announced(bufs, until);
        self.explained_end(outcome)
    }

    fn can_await(&self, token: &CancelToken) -> bool {
        self.0.can_await(token)
    }

    fn await_bytes(&mut self, announced: usize, until: Option<Instant>, token: &CancelToken) -> io::Result<()> {
        self.0.await_bytes(announced, until, token)
    }

    fn read_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize, until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.read_to_pipe(pipe, len, until);
        self.explained_end(outcome)
    }
}

impl WriteHalf for OfChild<dyn WriteHalf> {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.write(bufs, until);
        self.explained(outcome)
    }

    /// Blocks for the explanation at most once, and only if the child has closed its end and not
    /// ended.
    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let outcome = self.0.try_write(bufs);
        self.explained(outcome)
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        self.0.try_flush()
    }

    fn flush(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.flush(until)
    }

    fn write_more(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.write_more(bufs, until);
        self.explained(outcome)
    }

    fn takes_pipes(&self) -> bool {
        self.0.takes_pipes()
    }

    fn write_from_pipe(&mut self, pipe: &mut KernelPipe, until: Option<Instant>) -> io::Result<usize> {
        let outcome = self.0.write_from_pipe(pipe, until);
        self.explained(outcome)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}
