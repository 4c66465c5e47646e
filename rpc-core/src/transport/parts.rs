//! What a transport consists of, and what each part can do.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::Instant;

use super::kernel::KernelPipe;

/// A connected byte stream that can be taken apart into the two halves that a connection uses.
///
/// Implemented for [`TcpStream`](std::net::TcpStream) (which sets no delay), `UnixStream`, [`MemoryStream`](super::MemoryStream), and any
/// pair `(R, W)` of `Read + Send + 'static` and `Write + Send + 'static`. To write one of your own, implement
/// [`ReadHalf`] and [`WriteHalf`]; `rpc-examples/examples/custom_transport.rs` shows it.
pub trait Transport: Send + 'static {
    /// Takes the stream apart.
    ///
    /// # Errors
    /// Where the stream cannot be made ready.
    fn into_parts(self) -> io::Result<Parts>;
}

/// What a [`Transport`] consists of.
pub struct Parts {
    /// The incoming direction.
    pub reader: Box<dyn ReadHalf>,
    /// The outgoing direction.
    pub writer: Box<dyn WriteHalf>,
    /// What can end the stream from another thread, if anything can. Without it a server's shutdown cannot cut a
    /// connection that goes on beyond its grace.
    pub control: Option<Arc<dyn Control>>,
    /// Who is at the other end.
    pub peer: Peer,
}

/// The incoming direction of a [`Transport`].
pub trait ReadHalf: Send {
    /// Reads at least one byte into `buf`, which is not empty; `Ok(0)` at the end of the stream. Blocks until then, but
    /// no longer than `until`, if that is given and the transport can keep time.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) behind `until`, with nothing read; others as the stream has them.
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize>;

    /// Reads what is there without blocking.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where nothing is there;
    /// [`Unsupported`](io::ErrorKind::Unsupported), which is what the default implementation says, where the transport
    /// cannot look ahead. Then an early answer to an upload is heard only when all has been sent, and an idle
    /// connection that the server has closed is noticed only by the call that uses it.
    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        _ = buf;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads the payload of a frame, as [`read`](ReadHalf::read) does, into the slices one behind the other. The first is not
    /// empty, and **the peer has announced at least as many bytes as it holds**: so a transport may wait for a good part of
    /// them together, where waking up for each little is dear. The default implementation reads into the first one only.
    ///
    /// # Errors
    /// As [`read`](ReadHalf::read).
    #[doc(hidden)]
    fn read_announced(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.read(&mut bufs[0], until)
    }

    /// Moves payload of a frame into a pipe, which is empty, without bringing it into this process; at most `len` bytes, all of
    /// which the peer has announced. Otherwise as [`read`](ReadHalf::read).
    ///
    /// # Errors
    /// As [`read`](ReadHalf::read); [`Unsupported`](io::ErrorKind::Unsupported), which is what the default implementation says,
    /// where the transport is not a plain descriptor. Nothing is lost then.
    #[doc(hidden)]
    fn read_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize, until: Option<Instant>) -> io::Result<usize> {
        _ = (pipe, len, until);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// The outgoing direction of a [`Transport`].
pub trait WriteHalf: Send {
    /// Writes at least one byte from the slices, which are not all empty, and says how many. Blocks until then, but no
    /// longer than `until`, if that is given and the transport can keep time.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) behind `until`, with nothing written; others as the stream has them.
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize>;

    /// Writes what can be taken without blocking. Small messages are tried so before they are [written](WriteHalf::write).
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) where that is nothing;
    /// [`Unsupported`](io::ErrorKind::Unsupported), which is what the default implementation says, where the transport
    /// cannot tell. A call with octets both ways then hands the halves to two helper threads.
    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        _ = bufs;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes, as [`write`](WriteHalf::write) does, what has more behind it that comes at once: a transport may wait for that. The
    /// default implementation is `write`.
    ///
    /// # Errors
    /// As [`write`](WriteHalf::write).
    #[doc(hidden)]
    fn write_more(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.write(bufs, until)
    }

    /// Whether [`write_from_pipe`](WriteHalf::write_from_pipe) works. The default implementation says no.
    #[doc(hidden)]
    fn takes_pipes(&self) -> bool {
        false
    }

    /// Moves at least one byte of what a pipe holds to the stream, without bringing it into this process, and says how many.
    /// Otherwise as [`write`](WriteHalf::write).
    ///
    /// # Errors
    /// As [`write`](WriteHalf::write); [`Unsupported`](io::ErrorKind::Unsupported), which is what the default implementation
    /// says, where [`takes_pipes`](WriteHalf::takes_pipes) says no.
    #[doc(hidden)]
    fn write_from_pipe(&mut self, pipe: &mut KernelPipe, until: Option<Instant>) -> io::Result<usize> {
        _ = (pipe, until);
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sends what may be buffered and then the end of the stream, where the transport has one for this direction alone.
    ///
    /// # Errors
    /// As the stream has them.
    fn finish(&mut self, until: Option<Instant>) -> io::Result<()>;
}

/// What concerns both halves of a [`Transport`] at once. It may be called from any thread.
pub trait Control: Send + Sync {
    /// Makes every waiting and later operation of both halves return at once, with an error or the end of the stream.
    fn abort(&self);

    /// Waits until a read would not block, or a write would take something, whichever comes first, but no longer than
    /// `until`.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) behind `until`; [`Unsupported`](io::ErrorKind::Unsupported), which is what
    /// the default implementation says, where the transport cannot wait for two things.
    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        _ = until;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether [`wait`](Control::wait), [`ReadHalf::try_read`] and [`WriteHalf::try_write`] all work. The default
    /// implementation says no.
    fn can_wait(&self) -> bool {
        false
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peer {
    /// A TCP socket's address.
    Tcp(std::net::SocketAddr),
    /// A Unix socket; the path, if it is bound to one.
    Unix(Option<std::path::PathBuf>),
    /// The other end of a [`memory_pair`](super::memory_pair).
    Memory,
    /// What a transport of another kind says of its peer.
    Other(String),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Tcp(address) => write!(f, "tcp://{address}"),
            Peer::Unix(Some(path)) => write!(f, "unix://{}", path.display()),
            Peer::Unix(None) => f.write_str("unix:"),
            Peer::Memory => f.write_str("memory"),
            Peer::Other(description) => f.write_str(description),
        }
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
