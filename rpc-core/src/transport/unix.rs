//! Unix sockets.

use std::fs::Permissions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix};

use super::clock::time_left;
use super::kernel::{credentials_of_peer, flags};
use super::{CancelToken, Parts, Peer, PeerAddress, Transport, socket};

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

/// How long connecting waits for room in the listen queue before it looks whether the call was
/// cancelled: nothing else ends that wait.
const TICK: Duration = Duration::from_millis(20);

/// Connects to a socket. If its listen queue is full, waits for at most the limit, or until `token`
/// is cancelled.
pub(crate) fn connect(path: &Path, limit: Option<Duration>, token: Option<&CancelToken>) -> io::Result<UnixStream> {
    let socket = flags::stream_socket(AddressFamily::UNIX)?;
    let place = SocketAddrUnix::new(path)?;
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    loop {
        let left = time_left(until)?;
        let wait = if token.is_some() { Some(left.map_or(TICK, |left| left.min(TICK))) } else { left };
        // connecting obeys the limit for sending
        set_socket_timeout(&socket, Timeout::Send, wait)?;
        match rustix::net::connect(&socket, &place) {
            Err(Errno::AGAIN) if token.is_none_or(|token| !token.is_cancelled()) => {}
            Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
            connected => break connected?,
        }
    }
    set_socket_timeout(&socket, Timeout::Send, None)?;
    Ok(UnixStream::from(socket))
}

/// Binds a socket and listens, with these permissions of its file if they are given. Replaces a
/// socket that a dead process has left, and nothing else.
pub(super) fn bind(path: &Path, mode: Option<u32>) -> io::Result<UnixListener> {
    let socket = match bound(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_dead_socket(path) => {
            std::fs::remove_file(path)?;
            bound(path)?
        }
        outcome => outcome?,
    };
    // connecting is refused until it listens, so nobody gets in before the mode is set
    let listening = set_mode(path, mode).and_then(|()| Ok(rustix::net::listen(&socket, BACKLOG)?));
    match listening {
        Ok(()) => Ok(UnixListener::from(socket)),
        Err(error) => {
            // it is ours, and nothing listens there
            _ = std::fs::remove_file(path);
            Err(error)
        }
    }
}

/// How many connections may wait to be accepted. Each system has a limit of its own, which is
/// usually lower.
const BACKLOG: i32 = 4096;

/// Returns a socket that is bound and does not listen yet.
fn bound(path: &Path) -> io::Result<OwnedFd> {
    let socket = flags::stream_socket(AddressFamily::UNIX)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

fn set_mode(path: &Path, mode: Option<u32>) -> io::Result<()> {
    mode.map_or(Ok(()), |mode| std::fs::set_permissions(path, Permissions::from_mode(mode)))
}

/// Connecting to a file that is not a socket is refused exactly as connecting to a dead socket is,
/// so the file's type is checked first.
fn is_dead_socket(path: &Path) -> bool {
    // a live socket that is busy answers late, which is an answer
    let limit = Some(Duration::from_secs(1));
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
        && connect(path, limit, None).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
