//! Unix sockets.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::SocketAddrUnix;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::kernel::flags;
use super::{Parts, Peer, Transport, socket};

impl Transport for UnixStream {
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nonblocking(false)?;
        let peer = Peer::Unix(self.peer_addr()?.as_pathname().map(ToOwned::to_owned));
        socket::parts(self, peer)
    }
}

/// Connects to a socket. If its listen queue is full, waits for at most the limit.
pub(crate) fn connect(path: &Path, limit: Option<Duration>) -> io::Result<UnixStream> {
    let socket = flags::unix_socket()?;
    // connecting obeys the limit for sending
    set_socket_timeout(&socket, Timeout::Send, limit)?;
    let connected = rustix::net::connect(&socket, &SocketAddrUnix::new(path)?);
    set_socket_timeout(&socket, Timeout::Send, None)?;
    match connected {
        Ok(()) => Ok(UnixStream::from(socket)),
        Err(Errno::AGAIN) => Err(io::ErrorKind::TimedOut.into()),
        Err(error) => Err(error.into()),
    }
}
