//! Flags for sockets on Unix, and replacements where a platform lacks one.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socket_with};

/// More is sent at once after this.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in crate::transport) const MORE: SendFlags = SendFlags::MORE;
/// More is sent at once after this. Only Linux has a flag for that.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(in crate::transport) const MORE: SendFlags = SendFlags::empty();

/// Makes a peer that has gone an error of this send, and not the signal SIGPIPE.
#[cfg(not(target_vendor = "apple"))]
pub(in crate::transport) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
/// Nothing, because [`silence`] is called for the whole socket.
#[cfg(target_vendor = "apple")]
pub(in crate::transport) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// Makes a peer that has gone an error of each send on the socket. std does this for the sockets
/// that it creates, but a user's may come from anywhere.
#[cfg(target_vendor = "apple")]
pub(in crate::transport) fn silence(socket: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_nosigpipe(socket, true)?)
}

/// Runs a send with `MSG_DONTWAIT` without blocking. Darwin's kernel honours that flag only when it
/// receives, so the socket itself is set not to block meanwhile. A read that another thread begins
/// in that time does not block either; it is repeated, as one that woke early is.
pub(in crate::transport) fn at_once<T>(socket: impl AsFd, send: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    if !cfg!(target_vendor = "apple") {
        return send();
    }
    rustix::io::ioctl_fionbio(&socket, true)?;
    let outcome = send();
    rustix::io::ioctl_fionbio(&socket, false)?;
    outcome
}

/// Creates a socket that child processes do not inherit.
#[cfg(not(target_vendor = "apple"))]
pub(in crate::transport) fn stream_socket(family: AddressFamily) -> io::Result<OwnedFd> {
    Ok(socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

/// Creates a socket that child processes do not inherit, unless another thread starts one between
/// the two calls. std has the same gap here.
#[cfg(target_vendor = "apple")]
pub(in crate::transport) fn stream_socket(family: AddressFamily) -> io::Result<OwnedFd> {
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::empty(), None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_started_inherits_no_socket() {
        let flags = rustix::io::fcntl_getfd(stream_socket(AddressFamily::UNIX).unwrap()).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[cfg(target_vendor = "apple")]
    #[test]
    fn a_users_socket_is_silenced() {
        use crate::transport::Transport;
        use std::os::unix::net::UnixStream;

        let (near, _far) = UnixStream::pair().unwrap();
        let same = near.try_clone().unwrap();
        rustix::net::sockopt::set_socket_nosigpipe(&same, false).unwrap();
        let _parts = near.into_parts().unwrap();
        assert!(rustix::net::sockopt::socket_nosigpipe(&same).unwrap());
    }
}
