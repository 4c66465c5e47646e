//! Which process is at the other end of a Unix socket.
#![allow(
    unsafe_code,
    reason = "std's function for this is unstable, and that of rustix has a type for the process that excludes 0, \
              which is what the system says of a process in another container"
)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use crate::transport::Credentials;

/// Asks the system who connected the socket or listened on it (`SO_PEERCRED`). Returns `None` if it
/// does not know.
pub(in crate::transport) fn of_peer(socket: impl AsFd) -> io::Result<Option<Credentials>> {
    let mut found = libc::ucred { pid: 0, uid: NOBODY, gid: NOBODY };
    let mut len = LEN;
    // SAFETY: the caller lends the descriptor; the system writes at most `len` bytes to the
    // structure, which consists of integers, and their number to `len`.
    let outcome = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut found).cast(),
            &raw mut len,
        )
    };
    match outcome {
        0 if len == LEN => Ok(known(&found)),
        0 => Err(io::ErrorKind::InvalidData.into()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// What the system says instead of a user or group if it does not know any.
const NOBODY: u32 = u32::MAX;

#[expect(clippy::cast_possible_truncation, reason = "it has some ten bytes")]
const LEN: libc::socklen_t = size_of::<libc::ucred>() as libc::socklen_t;

fn known(found: &libc::ucred) -> Option<Credentials> {
    // 0 is a process that is not visible here
    let pid = u32::try_from(found.pid).ok().filter(|&pid| pid != 0);
    (found.uid != NOBODY).then(|| Credentials::new(found.uid, found.gid, pid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::unix::net::UnixStream;

    #[test]
    fn this_process_is_recognised() {
        let (near, _far) = UnixStream::pair().unwrap();
        let found = of_peer(&near).unwrap().unwrap();
        assert_eq!(found.pid, Some(std::process::id()));
    }

    /// rustix took 0 for an error of the system's.
    #[test]
    fn a_process_in_another_container_has_a_user_and_no_number() {
        let found = known(&libc::ucred { pid: 0, uid: 1000, gid: 100 });
        assert_eq!(found, Some(Credentials::new(1000, 100, None)));
    }

    #[test]
    fn a_socket_without_a_peer_has_no_credentials() {
        assert_eq!(known(&libc::ucred { pid: 0, uid: NOBODY, gid: NOBODY }), None);
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(matches!(of_peer(&udp), Ok(None) | Err(_)));
    }
}
