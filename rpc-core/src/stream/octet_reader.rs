//! Receiving a body of octets: a reply by its caller, a request by its handler.

use std::fmt;
use std::io::{self, BufRead, Empty, Read};
use std::sync::{Mutex, PoisonError};

use crate::connection::Target;
use crate::error::{Error, Fate, Result};
use crate::transport::{Filled, KernelPipe};

use super::{KnownSource, SentItems, Source};

/// The octets (raw bytes) of a reply or of a request, as they are received.
///
/// A read returns `Ok(0)` only after the stream's final frame. If the stream is cut, the read
/// fails, and each later read repeats the error. If the sender's source fails, the text of its
/// error arrives as [`Error::Remote`], after the last byte that was read from it. Each error is an
/// [`io::Error`] that wraps an [`Error`]; `?` in a function that returns an [`Error`] unwraps it. A
/// read blocks until at least one byte has arrived, at most for the stall limit of the client or
/// the server.
///
/// # Read by a caller
///
/// From a [`Client`](crate::Client) the stream is `OctetReader<'static>`; from a
/// [`Session`](crate::Session) it borrows the session. It can be sent to another thread. At its end
/// the connection goes back to its pool at once. The connection also stays usable if the handler's
/// source fails.
///
/// Dropping the stream before its end cancels it: the server stops within one frame, the bytes on
/// their way are discarded, and the connection serves the next call. The drop blocks meanwhile, for
/// at most 5 seconds. A handler whose source blocks notices the cancel only when the source
/// returns. A server of revision 0 does not understand a cancel, so the connection is closed,
/// unless the rest of the stream has already arrived.
///
/// A [`CancelToken`](crate::CancelToken) ends a read that waits, and cancels the stream in the same
/// way. The read returns when the server has answered the cancel, or after a tenth of
/// [`close_timeout`](crate::ClientConfig::close_timeout), 500 ms by default.
///
/// If the request has octets as well, the stream holds the caller's reader, `R`, and sends its
/// bytes while the reply is read. So nothing is sent while nobody reads, and a reader that itself
/// waits for the reply's bytes waits forever.
///
/// # Read by a handler
///
/// A handler receives it as its `impl Read`. It can be sent to another thread and outlive the call,
/// but after the call's end each read fails with [`Misuse::CallIsOver`](crate::Misuse::CallIsOver).
/// A handler that ignores an error cannot make the caller believe that all went well, because a
/// broken request is never answered.
pub struct OctetReader<'s, R = Empty> {
    state: State<'s>,
    /// The request's octets, if octets go both ways.
    source: Option<Sent<R>>,
}

/// What is sent as a stream, and what makes it a source.
pub(crate) struct Sent<R> {
    content: R,
    as_source: fn(&mut R) -> Source<'_>,
}

impl<R> Sent<R> {
    pub(crate) fn as_source(&mut self) -> Source<'_> {
        (self.as_source)(&mut self.content)
    }
}

impl<R: Read> Sent<R> {
    /// Octets of a reader.
    pub(crate) fn octets(reader: R) -> Sent<R> {
        Sent { content: reader, as_source: |reader| Source::of(reader) }
    }
}

impl<I: Iterator<Item = Result<T, E>>, T, E> Sent<SentItems<I, T, E>> {
    /// Items of an iterator.
    pub(crate) fn items(items: SentItems<I, T, E>) -> Self {
        Sent { content: items, as_source: |items| Source::items(items) }
    }
}

enum State<'s> {
    /// Never locked: the mutex makes the reader `Sync`, which some signatures require.
    Open(Mutex<Box<dyn Receive + 's>>),
    /// The stream is complete, and this has become of its connection.
    Ended(Fate),
    /// The stream is broken, or the other side ended it and said why.
    Failed(Error),
}

/// A body of octets on the connection of one side.
pub(crate) trait Receive: Send {
    /// Receives the next bytes, and sends the bytes of `source` meanwhile. Returns `With(0)` at the
    /// end of the body, and only there.
    fn receive(&mut self, target: Target<'_>, source: Option<&mut Source<'_>>) -> Result<Filled>;

    /// Returns the first `count` bytes that were read ahead.
    fn read_ahead(&mut self, count: usize) -> &[u8];

    /// Skips bytes that were read ahead.
    fn consume(&mut self, count: usize);

    /// Returns what the end of the body means for the connection.
    fn fate(&mut self) -> Fate;

    /// Gives up the rest of the body because of an error, and returns what that means for the call
    /// and its connection.
    fn give_up(&mut self, error: &Error) -> Fate;
}

impl<'s, R> OctetReader<'s, R> {
    pub(crate) fn new(body: impl Receive + 's, source: Option<Sent<R>>) -> OctetReader<'s, R> {
        OctetReader { state: State::Open(Mutex::new(Box::new(body))), source }
    }
}

impl<R> OctetReader<'_, R> {
    /// Gives up the rest of the stream because of an error, and returns that with what it means for
    /// the call and its connection.
    pub(crate) fn give_up(mut self, error: Error) -> Error {
        let fate = self.fate_after(&error);
        error.with_fate(fate)
    }

    fn fate_after(&mut self, error: &Error) -> Fate {
        match &mut self.state {
            State::Open(body) => body.get_mut().unwrap_or_else(PoisonError::into_inner).give_up(error),
            State::Ended(fate) => *fate,
            State::Failed(failure) => failure.fate(),
        }
    }

    /// Receives the next bytes, and gives up the connection at the end or after an error.
    fn receive(&mut self, target: Target<'_>) -> io::Result<Filled> {
        let body = match &mut self.state {
            State::Open(body) => body.get_mut().unwrap_or_else(PoisonError::into_inner),
            State::Ended(_) => return Ok(Filled::With(0)),
            State::Failed(error) => return Err(error.repeated().into()),
        };
        let mut source = self.source.as_mut().map(Sent::as_source);
        let received = body.receive(target, source.as_mut());
        match &received {
            Ok(Filled::With(0)) => self.state = State::Ended(body.fate()),
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a stream failed");
                self.state = State::Failed(error.repeated());
            }
        }
        Ok(received?)
    }

    fn receive_count(&mut self, target: Target<'_>) -> io::Result<usize> {
        match self.receive(target)? {
            Filled::With(count) => Ok(count),
            Filled::NotNow | Filled::Never => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl<R> Read for OctetReader<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() { Ok(0) } else { self.receive_count(Target::Buffer(buf)) }
    }
}

impl<R> BufRead for OctetReader<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let count = self.receive_count(Target::ReadAhead)?;
        match &mut self.state {
            State::Open(body) => Ok(body.get_mut().unwrap_or_else(PoisonError::into_inner).read_ahead(count)),
            State::Ended(_) => Ok(&[]),
            State::Failed(error) => Err(error.repeated().into()),
        }
    }

    fn consume(&mut self, count: usize) {
        if let State::Open(body) = &mut self.state {
            body.get_mut().unwrap_or_else(PoisonError::into_inner).consume(count);
        }
    }
}

impl KnownSource for OctetReader<'_> {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
        // moving bytes would send nothing meanwhile, and the end of an empty request may still have
        // to be sent
        if self.source.is_some() {
            return Ok(Filled::Never);
        }
        self.receive(Target::Pipe(pipe, len))
    }
}

impl<R> fmt::Debug for OctetReader<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Open(_) => "open",
            State::Ended(_) => "ended",
            State::Failed(_) => "failed",
        };
        f.debug_struct("OctetReader")
            .field("state", &state)
            .field("sends", &self.source.is_some())
            .finish_non_exhaustive()
    }
}
