//! What TCP and Unix sockets have in common: they read and write through a shared reference, within limits that the system
//! keeps.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::patience::SocketLimit;
use super::{Control, Parts, Peer, ReadHalf, WriteHalf};

/// What can be done to a socket beside reading and writing.
pub(super) trait Socket: Immediate + Send + Sync + 'static {
    fn limit_reads(&self, limit: Option<Duration>) -> io::Result<()>;
    fn limit_writes(&self, limit: Option<Duration>) -> io::Result<()>;
    fn end(&self, directions: Shutdown) -> io::Result<()>;
}

/// What a socket can do without blocking, and waiting for either direction; std offers it on no platform.
pub(super) trait Immediate {
    /// Whether the others work.
    const WORKS: bool;

    fn receive_now(&self, buf: &mut [u8]) -> io::Result<usize>;
    fn send_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    fn wait_for_either(&self, until: Option<Instant>) -> io::Result<()>;
}

#[cfg(not(unix))]
impl<S> Immediate for S {
    const WORKS: bool = false;

    fn receive_now(&self, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn send_now(&self, _bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn wait_for_either(&self, _until: Option<Instant>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Takes a socket apart.
pub(super) fn parts<S: Socket>(socket: S, peer: Peer) -> Parts
where
    for<'s> &'s S: Read + Write,
{
    let socket = Arc::new(socket);
    Parts {
        reader: Box::new(Half { socket: Arc::clone(&socket), limit: SocketLimit::default() }),
        writer: Box::new(Half { socket: Arc::clone(&socket), limit: SocketLimit::default() }),
        control: Some(Arc::new(Both(socket))),
        peer,
    }
}

/// One direction, and the limit that the system keeps for it at present.
struct Half<S> {
    socket: Arc<S>,
    limit: SocketLimit,
}

impl<S: Socket> ReadHalf for Half<S>
where
    for<'s> &'s S: Read,
{
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let mut socket = &*self.socket;
        self.limit.run(until, |limit| socket.limit_reads(limit), || socket.read(buf))
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.receive_now(buf)
    }
}

impl<S: Socket> WriteHalf for Half<S>
where
    for<'s> &'s S: Write,
{
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let mut socket = &*self.socket;
        self.limit.run(until, |limit| socket.limit_writes(limit), || socket.write_vectored(bufs))
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.socket.send_now(bufs)
    }

    fn finish(&mut self, _until: Option<Instant>) -> io::Result<()> {
        self.socket.end(Shutdown::Write)
    }
}

/// Both directions.
struct Both<S>(Arc<S>);

impl<S: Socket> Control for Both<S> {
    fn abort(&self) {
        // it fails only where the peer has ended the connection already
        _ = self.0.end(Shutdown::Both);
    }

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        self.0.wait_for_either(until)
    }

    fn can_wait(&self) -> bool {
        S::WORKS
    }
}
