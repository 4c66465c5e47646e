//! What a transport consists of, and what each part can do.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::Instant;

use super::kernel::KernelPipe;
use super::peer::Peer;

/// A connected byte stream that can be taken apart into the two halves that a connection uses.
///
/// Implemented for [`TcpStream`](std::net::TcpStream) (with no delay set), `UnixStream`,
/// [`MemoryStream`](super::MemoryStream), and any pair `(R, W)` of `Read + Send + 'static` and
/// `Write + Send + 'static`. To write your own, implement [`ReadHalf`] and [`WriteHalf`]; see
/// `rpc-examples/examples/custom_transport.rs`.
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
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`, with nothing read; otherwise those of
    /// the stream.
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
    /// Blocks until then, but no longer than `until` if that is given and the transport has time
    /// limits.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`, with nothing written; otherwise those
    /// of the stream.
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize>;

    /// Writes what the stream takes without blocking. Small messages try this before
    /// [`write`](WriteHalf::write).
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the stream takes nothing.
    /// [`Unsupported`](io::ErrorKind::Unsupported), which the default implementation returns, if
    /// the transport cannot write without blocking. A call with octets both ways then hands the
    /// halves to two helper threads.
    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        _ = bufs;
        Err(io::ErrorKind::Unsupported.into())
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

    /// Sends what is buffered, and then the end of the stream if the transport can end this
    /// direction alone.
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

    /// Blocks until a read would not block or a write would take something, whichever comes first,
    /// but no longer than `until`.
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
