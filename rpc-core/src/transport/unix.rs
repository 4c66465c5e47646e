//! Unix sockets.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::SocketAddrUnix;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::kernel::{credentials_of_peer, flags};
use super::{Parts, Peer, PeerAddress, Transport, socket};

impl Transport for UnixStream {
    /// Asks the system for the peer's credentials, on Linux and Android.
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nonblocking(false)?;
        let peer = peer_of(&self)?;
        socket::parts(self, peer)
    }
}

/// Returns who is at the other end. A peer whose process the system does not tell is served as one
/// without credentials; it is up to the service to refuse that.
fn peer_of(socket: &UnixStream) -> io::Result<Peer> {
    let peer = Peer::new(PeerAddress::Unix(socket.peer_addr()?.as_pathname().map(ToOwned::to_owned)));
    Ok(match credentials_of_peer(socket) {
        Ok(Some(credentials)) => peer.with_credentials(credentials),
        Ok(None) => peer,
        Err(error) => {
            tracing::debug!(%error, "the system does not tell who the peer is");
            peer
        }
    })
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

/// Binds a socket. Replaces a socket that a dead process has left, and nothing else.
pub(super) fn bind(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_dead_socket(path) => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        outcome => outcome,
    }
}

/// Connecting to a file that is not a socket is refused exactly as connecting to a dead socket is,
/// so the file's type is checked first.
fn is_dead_socket(path: &Path) -> bool {
    // a live socket that is busy answers late, which is an answer
    let limit = Some(Duration::from_secs(1));
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
        && connect(path, limit).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
