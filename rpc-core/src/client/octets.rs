//! A reply of raw bytes.

use std::fmt;
use std::io::{self, BufRead, Empty, Read, Write};

use crate::error::{Error, Result};
use crate::stream::KnownSource;
use crate::transport::{Filled, KernelPipe};

use super::connection::ClientConnection;
use super::lease::Lease;

/// The bytes of a reply, as they come.
///
/// A read returns `Ok(0)` only behind the stream's final frame: whatever cuts the stream is an error, and each later read
/// repeats it. Where
/// the handler's own stream fails, its text arrives behind the last byte that it gave, as [`Error::Remote`], and the
/// connection goes on. The error is an [`io::Error`] that wraps an [`Error`]; `?` in a function that returns one unwraps
/// it.
///
/// Reading blocks until a byte comes, but no longer than the client's stall limit. At the end of the stream the connection
/// goes back to its pool at once. Dropping the stream before its end cancels it: the server stops within one frame, what is
/// on the way is thrown away (the drop blocks meanwhile, for 5 seconds to say so and 5 more to read at most), and the
/// connection serves the next call. A handler whose source blocks notices it only when that returns. Towards
/// revision 0 of the protocol the connection is closed, but where the rest is here already.
///
/// From a shared client the stream is `OctetReader<'static>` and may change threads; from a session it borrows it. Where the
/// request is a stream, too, this one holds the caller's reader, `R`, and sends what it gives while it is read. So nothing
/// is sent while nobody reads, and a reader that itself waits for the reply's bytes waits for ever.
pub struct OctetReader<'s, R = Empty> {
    state: State<'s>,
    /// What is sent meanwhile, where octets go both ways.
    source: Option<R>,
}

enum State<'s> {
    Open(Lease<'s>),
    Ended,
    /// The stream is broken, or the other side ended it and said why.
    Failed(Error),
}

impl<'s, R> OctetReader<'s, R> {
    pub(super) fn new(lease: Lease<'s>, source: Option<R>) -> OctetReader<'s, R> {
        lease.becomes_stream();
        OctetReader { state: State::Open(lease), source }
    }

    /// Runs one step on the connection and lets go of it at the end, which `end` says, or after an error.
    fn run<T: PartialEq>(
        &mut self,
        end: T,
        step: impl FnOnce(&mut ClientConnection, Option<&mut R>) -> Result<T>,
    ) -> io::Result<T> {
        let lease = match &mut self.state {
            State::Open(lease) => lease,
            State::Ended => return Ok(end),
            State::Failed(error) => return Err(error.repeated().into()),
        };
        lease.touch();
        match step(lease.connection(), self.source.as_mut()) {
            Ok(gained) => {
                if gained == end {
                    self.state = State::Ended;
                }
                Ok(gained)
            }
            Err(error) => {
                self.state = State::Failed(error.repeated());
                tracing::debug!(%error, "a stream failed");
                Err(error.into())
            }
        }
    }
}

impl<R: Read> OctetReader<'_, R> {
    /// Copies the rest of the stream to `sink` and returns the number of bytes. Large pieces are moved at once; on Linux, to a
    /// file, a pipe or a socket, the kernel moves them.
    ///
    /// # Errors
    /// Those of reading, which wrap an [`Error`], and those of `sink`, which do not:
    ///
    /// ```
    /// # fn restore(stream: rpc_core::OctetReader<'_>, mut file: std::fs::File) {
    /// match stream.copy_to(&mut file).map_err(|error| error.downcast::<rpc_core::Error>()) {
    ///     Ok(bytes) => println!("{bytes} bytes, all that there were"),
    ///     Err(Ok(error)) => eprintln!("the stream: {error}"),
    ///     Err(Err(error)) => eprintln!("the file: {error}"),
    /// }
    /// # }
    /// ```
    pub fn copy_to<W: Write + ?Sized>(mut self, sink: &mut W) -> io::Result<u64> {
        crate::copy(&mut self, sink)
    }
}

impl<R: Read> Read for OctetReader<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.run(0, |connection, source| match source {
            None => connection.read_octets(buf),
            Some(source) => connection.read_duplex(source, |connection| connection.receive_octets(buf)),
        })
    }
}

impl KnownSource for OctetReader<'_> {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn shown(&self) -> &[u8] {
        &[]
    }

    fn consume(&mut self, _count: usize) {}

    fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
        // moving bytes would send nothing meanwhile, and the end of an empty request may have to be sent still
        if self.source.is_some() {
            return Ok(Filled::Never);
        }
        self.run(Filled::With(0), |connection, _| connection.octets_to_pipe(pipe, len))
    }
}

impl<R: Read> BufRead for OctetReader<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let shown = self.run(0, |connection, source| match source {
            None => connection.fill_octets(),
            Some(source) => connection.read_duplex(source, ClientConnection::receive_ahead),
        })?;
        match &mut self.state {
            State::Open(lease) => Ok(lease.connection().shown_octets(shown)),
            State::Ended => Ok(&[]),
            State::Failed(error) => Err(error.repeated().into()),
        }
    }

    fn consume(&mut self, amount: usize) {
        if let State::Open(lease) = &mut self.state {
            lease.connection().consume_octets(amount);
        }
    }
}

impl<R> fmt::Debug for OctetReader<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Open(_) => "open",
            State::Ended => "ended",
            State::Failed(_) => "failed",
        };
        f.debug_struct("OctetReader")
            .field("state", &state)
            .field("sends", &self.source.is_some())
            .finish_non_exhaustive()
    }
}
