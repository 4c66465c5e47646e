//! What a transport consists of, and what each part can do.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::Instant;

use super::cancel::CancelToken;
use super::kernel::KernelPipe;
use super::peer::Peer;

/// A connected byte stream that can be taken apart into the two halves that a connection uses.
///
/// Implemented for [`TcpStream`](std::net::TcpStream) (with no delay set), `UnixStream`,
/// [`MemoryStream`](super::MemoryStream), and any pair `(R, W)` of `Read + Send + 'static` and
/// `Write + Send + 'static`. To write your own, implement [`ReadHalf`] and [`WriteHalf`]; see
/// `rpc-examples/examples/custom_transport.rs`.
///
/// # Records
/// A transport that packs bytes into records, as TLS does, may be able to send only a part of a
/// record without blocking, and the peer can read nothing of a part. Over another transport, it
/// does this:
///
/// 1. [`try_write`](WriteHalf::try_write) first sends what is left of the last record. If that does
///    not leave whole, it takes nothing and fails with `WouldBlock`. Otherwise it packs a record,
///    sends what the transport below takes at once, keeps the rest, the *leftovers*, and returns
///    how many bytes are in the record. A record cannot be taken back, so it has to know beforehand
///    whether the transport below can write without blocking: if its
///    [`can_wait`](Control::can_wait) returns `true`, it can.
/// 2. [`try_flush`](WriteHalf::try_flush) sends leftovers without blocking, and
///    [`flush`](WriteHalf::flush) blocks until they have left. The library calls them until nothing
///    is left, also while it waits for a reply; the transport needs no thread of its own.
/// 3. [`write`](WriteHalf::write) sends the leftovers, packs a record, and returns when all of it
///    has left; a time limit is for the whole record. To pack several at once, it must return the
///    bytes of those that have left if a later one fails.
/// 4. [`finish`](WriteHalf::finish) sends the leftovers before the end, unless a write has failed.
///    Dropping a half sends nothing.
/// 5. [`read`](ReadHalf::read) waits for a whole record that is not empty, returns what fits of it,
///    and keeps the rest for the next call. [`try_read`](ReadHalf::try_read) keeps a part of a
///    record and fails with `WouldBlock`. If the stream ends inside a record, both fail with
///    [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
/// 6. [`Parts::control`] is that of the transport below. It may wake for a part of a record,
///    because [`wait`](Control::wait) may return early. It need not know of bytes that the reader
///    keeps, because the library waits only after `try_read` has found nothing, or if it only
///    wants to write.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transport",
    label = "not a connected byte stream",
    note = "a transport is a connected `TcpStream` or `UnixStream`, a pair of a reader and a writer, such as `(stdin(), \
            stdout())`, or a type for which you implement `rpc_core::Transport`"
)]
pub trait Transport: Send + 'static {
    /// Takes the stream apart. May block for a handshake, with a time limit of its own: a server
    /// calls it on the connection's own thread, a client on the thread of the call that connects.
    ///
    /// # Errors
    /// If the stream cannot be set up.
    fn into_parts(self) -> io::Result<Parts>;
}

/// The parts of a [`Transport`].
pub struct Parts {
    /// The incoming direction.
    pub reader: Box<dyn ReadHalf>,
    /// The outgoing direction.
    pub writer: Box<dyn WriteHalf>,
    /// Ends the stream from another thread, if anything can. Without it, a server's shutdown cannot
    /// cut a connection that outlasts its grace.
    pub control: Option<Arc<dyn Control>>,
    /// Who is at the other end.
    pub peer: Peer,
}

/// The incoming direction of a [`Transport`].
pub trait ReadHalf: Send {
    /// Reads at least one byte into `buf`, which is not empty; returns `Ok(0)` at the end of the
    /// stream. Blocks until then, but no longer than `until` if that is given and the transport has
    /// time limits.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`, with nothing read;
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if the peer certainly has not read a
    /// byte of what was written, because it has refused this side meanwhile, unless it is an error
    /// of the system's, which says less; otherwise those of the stream.
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize>;

    /// Reads what is available without blocking.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if nothing is available.
    /// [`Unsupported`](io::ErrorKind::Unsupported), which the default implementation returns, if
    /// the transport cannot look ahead. An early answer to an upload is then noticed only after all
    /// has been sent, and an idle connection that the server has closed only by the call that uses
    /// it.
    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads the payload of a frame, as [`read`](ReadHalf::read) does, into the slices one after
    /// the other. The first is not empty, and **the peer has announced at least as many bytes as it
    /// holds**. So a transport may wait for a good part of them together, if each wake-up is
    /// expensive. The default implementation reads into the first slice only.
    ///
    /// # Errors
    /// As [`read`](ReadHalf::read).
    #[doc(hidden)]
    fn read_announced(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.read(&mut bufs[0], until)
    }

    /// Returns whether [`await_bytes`](ReadHalf::await_bytes) works with this token. The default
    /// implementation returns `false`.
    #[doc(hidden)]
    fn can_await(&self, token: &CancelToken) -> bool {
        _ = token;
        false
    }

    /// Blocks until a read would not block or `token` is cancelled, but no longer than `until`. The
    /// peer has announced `announced` bytes, at least 1, for which it may wait together.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`; bytes may have come by then, if fewer
    /// than it waited for. [`Unsupported`](io::ErrorKind::Unsupported), which the default
    /// implementation returns, if the transport cannot wait for a token.
    #[doc(hidden)]
    fn await_bytes(&mut self, announced: usize, until: Option<Instant>, token: &CancelToken) -> io::Result<()> {
        _ = (announced, until, token);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Moves payload of a frame into a pipe, which is empty, without copying it into this process:
    /// at most `len` bytes, all of which the peer has announced. Otherwise as
    /// [`read`](ReadHalf::read).
    ///
    /// # Errors
    /// As [`read`](ReadHalf::read). [`Unsupported`](io::ErrorKind::Unsupported), which the default
    /// implementation returns, if the transport is not a plain descriptor; nothing is lost then.
    #[doc(hidden)]
    fn read_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize, until: Option<Instant>) -> io::Result<usize> {
        _ = (pipe, len, until);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// The outgoing direction of a [`Transport`].
pub trait WriteHalf: Send {
    /// Writes at least one byte from the slices, which are not all empty, and returns how many.
    /// They have left when it returns, and before them what an earlier
    /// [`try_write`](WriteHalf::try_write) has taken. Blocks until then, but no longer than `until`
    /// if that is given and the transport has time limits.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`; otherwise those of the stream. The peer
    /// can then read none of these bytes, and nothing more is written.
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize>;

    /// Takes what it can without blocking, and returns how many bytes that is. They follow what was
    /// taken before. Not all of them need have left: [`try_flush`](WriteHalf::try_flush) and
    /// [`flush`](WriteHalf::flush) send the rest. Small messages try this before
    /// [`write`](WriteHalf::write).
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if it takes nothing.
    /// [`Unsupported`](io::ErrorKind::Unsupported), which the default implementation returns, with
    /// nothing taken, if the transport cannot write without blocking. A call with octets both ways
    /// then hands the halves to two helper threads.
    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        _ = bufs;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sends, without blocking, what [`try_write`](WriteHalf::try_write) has taken and not sent.
    /// Returns whether nothing is left. The default implementation returns `true`: it is right for
    /// a transport that sends at once all that it takes. One that wraps another and passes
    /// `try_write` on must pass this and [`flush`](WriteHalf::flush) on as well.
    ///
    /// # Errors
    /// Those of the stream. That it takes nothing now is no error.
    fn try_flush(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    /// Sends what [`try_write`](WriteHalf::try_write) has taken and not sent. Blocks until nothing
    /// is left, but no longer than `until` if that is given and the transport has time limits. The
    /// default implementation does nothing, as that of [`try_flush`](WriteHalf::try_flush).
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`; otherwise those of the stream. The peer
    /// can then not read the last byte that was taken, and nothing more is written.
    fn flush(&mut self, until: Option<Instant>) -> io::Result<()> {
        _ = until;
        Ok(())
    }

    /// Writes, as [`write`](WriteHalf::write) does, what is followed by more at once, for which a
    /// transport may wait. The default implementation calls `write`.
    ///
    /// # Errors
    /// As [`write`](WriteHalf::write).
    #[doc(hidden)]
    fn write_more(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.write(bufs, until)
    }

    /// Returns whether [`write_from_pipe`](WriteHalf::write_from_pipe) works. The default
    /// implementation returns `false`.
    #[doc(hidden)]
    fn takes_pipes(&self) -> bool {
        false
    }

    /// Moves at least one byte from a pipe to the stream, without copying it into this process, and
    /// returns how many. Otherwise as [`write`](WriteHalf::write).
    ///
    /// # Errors
    /// As [`write`](WriteHalf::write). [`Unsupported`](io::ErrorKind::Unsupported), which the
    /// default implementation returns, if [`takes_pipes`](WriteHalf::takes_pipes) returns `false`.
    #[doc(hidden)]
    fn write_from_pipe(&mut self, pipe: &mut KernelPipe, until: Option<Instant>) -> io::Result<usize> {
        _ = (pipe, until);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sends what was taken and has not left, and then the end of the stream if the transport can
    /// end this direction alone.
    ///
    /// # Errors
    /// Those of the stream.
    fn finish(&mut self, until: Option<Instant>) -> io::Result<()>;
}

/// Operations on both halves of a [`Transport`] at once. Any thread may call them.
pub trait Control: Send + Sync {
    /// Makes every waiting and later operation of both halves return at once, with an error or the
    /// end of the stream.
    fn abort(&self);

    /// Does the same in the middle of a call, whose bytes are lost: if the transport can, it makes
    /// the peer notice at once, even if that loses the last bytes that were sent to it. The default
    /// implementation calls [`abort`](Control::abort).
    fn cut(&self) {
        self.abort();
    }

    /// Makes a transport that is broken elsewhere look broken to the peer, too: ends reads as
    /// [`abort`](Control::abort) does, and makes closing the transport a reset, without an end
    /// before that, which would look as if all had been sent. A write that waits goes on. The
    /// default implementation calls [`cut`](Control::cut).
    #[doc(hidden)]
    fn reset(&self) {
        self.cut();
    }

    /// Blocks until a read would not block or a write would take something, whichever comes first,
    /// but no longer than `until`. It may return early. It is called only after
    /// [`ReadHalf::try_read`] has found nothing, or if only writing is left.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`.
    /// [`Unsupported`](io::ErrorKind::Unsupported), which the default implementation returns, if
    /// the transport cannot wait for two things.
    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        _ = until;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns whether [`wait`](Control::wait), [`ReadHalf::try_read`] and [`WriteHalf::try_write`]
    /// all work. The default implementation returns `false`.
    fn can_wait(&self) -> bool {
        false
    }

    /// Blocks as [`wait`](Control::wait) does, or until `token` is cancelled.
    ///
    /// # Errors
    /// As [`wait`](Control::wait). [`Unsupported`](io::ErrorKind::Unsupported), which the default
    /// implementation returns, if the transport cannot wait for a token.
    #[doc(hidden)]
    fn wait_cancellable(&self, until: Option<Instant>, token: &CancelToken) -> io::Result<()> {
        _ = (until, token);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns whether [`wait_cancellable`](Control::wait_cancellable) works. The default
    /// implementation returns `false`.
    #[doc(hidden)]
    fn can_wait_cancellable(&self) -> bool {
        false
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Transport for Parts {
    fn into_parts(self) -> io::Result<Parts> {
        Ok(self)
    }
}
