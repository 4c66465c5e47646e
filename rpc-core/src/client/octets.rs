//! A reply of raw bytes.

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use crate::error::{Error, Misuse, RemoteError, Result};

use super::pool::Borrowed;
use super::session::Session;
use super::wire::Wire;

/// The bytes of a reply, as they come.
///
/// A read returns `Ok(0)` only behind the stream's final frame: whatever cuts the stream is an error, and stays one. Where
/// the handler's own stream fails, its text arrives behind the last byte that it gave, as [`Error::Remote`], and the
/// connection goes on. The error is an [`io::Error`] that wraps an [`Error`]; `?` in a function that returns one unwraps
/// it.
///
/// Reading blocks until a byte comes, but no longer than the client's stall limit. At the end of the stream the connection
/// goes back to its pool at once. Dropping the stream before its end cancels it: the server stops within one frame, what is
/// on the way is thrown away (for 5 seconds at most, while the drop blocks), and the connection serves the next call. Towards
/// revision 0 of the protocol the connection is closed, but where the rest is here already.
///
/// From a shared client the stream is `OctetReader<'static>` and may change threads; from a session it borrows it.
pub struct OctetReader<'s> {
    state: State<'s>,
}

enum State<'s> {
    Open(Held<'s>),
    Ended,
    /// The stream is broken, or the other side ended it by saying why.
    Failed(Option<RemoteError>),
}

impl<'s> OctetReader<'s> {
    pub(super) fn new(held: Held<'s>) -> OctetReader<'s> {
        if let Held::Pool(borrowed) = &held {
            borrowed.becomes_stream();
        }
        OctetReader { state: State::Open(held) }
    }

    /// Copies the rest of the stream to `sink` and returns the number of bytes. Large pieces are moved at once.
    ///
    /// # Errors
    /// Those of reading and of `sink`.
    pub fn copy_to<W: Write + ?Sized>(mut self, sink: &mut W) -> io::Result<u64> {
        crate::copy(&mut self, sink)
    }

    /// Runs one step on the connection and lets go of it at the end, or behind an error.
    fn step<T>(&mut self, step: impl FnOnce(&mut Wire) -> Result<T>) -> io::Result<Option<T>> {
        let held = match &mut self.state {
            State::Open(held) => held,
            State::Ended => return Ok(None),
            State::Failed(Some(remote)) => return Err(Error::Remote(remote.clone()).into()),
            State::Failed(None) => return Err(Error::from(Misuse::Closed).into()),
        };
        if let Held::Pool(borrowed) = held {
            borrowed.touch();
        }
        match held.wire().and_then(step) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                self.state = State::Failed(error.remote().cloned());
                tracing::debug!(%error, "a stream failed");
                Err(error.into())
            }
        }
    }

    fn end(&mut self) {
        self.state = State::Ended;
    }
}

impl Read for OctetReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let count = self.step(|wire| wire.read_octets(buf))?.unwrap_or(0);
        if count == 0 {
            self.end();
        }
        Ok(count)
    }
}

impl BufRead for OctetReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let shown = self.step(Wire::fill_octets)?.unwrap_or(0);
        if shown == 0 {
            self.end();
        }
        match &mut self.state {
            State::Open(held) => Ok(held.wire()?.shown_octets(shown)),
            _ => Ok(&[]),
        }
    }

    fn consume(&mut self, amount: usize) {
        if let State::Open(held) = &mut self.state
            && let Ok(wire) = held.wire()
        {
            wire.consume_octets(amount);
        }
    }
}

impl fmt::Debug for OctetReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Open(_) => "open",
            State::Ended => "ended",
            State::Failed(_) => "failed",
        };
        f.debug_struct("OctetReader").field("state", &state).finish()
    }
}

/// A connection during a call. When it is dropped, what is left of the reply is passed over if it is here already, and the
/// connection goes where it came from, or is closed.
pub(super) enum Held<'s> {
    Pool(Borrowed),
    Session(&'s mut Session),
}

impl Held<'_> {
    pub(super) fn wire(&mut self) -> Result<&mut Wire> {
        match self {
            Held::Pool(borrowed) => Ok(borrowed.wire()),
            Held::Session(session) => session.wire(),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Ok(wire) = self.wire() {
            wire.abandon();
        }
        if let Held::Session(session) = self {
            session.settle();
        }
    }
}
