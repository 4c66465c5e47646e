//! Where connections come from, and how waiting for them ends.

use std::io;
use std::net::TcpListener;

use super::{Address, Parts, Transport};
pub(crate) use bell::Bell;

/// A bound socket. Dropping it removes a Unix socket's path.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: ListeningSocket,
    /// Where it is bound: for port 0 with the port that the system chose.
    pub(crate) address: Address,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

impl Listener {
    pub(crate) fn bind(address: &Address) -> io::Result<Listener> {
        let (socket, address) = match address {
            Address::Tcp(place) => {
                let listener = TcpListener::bind(place)?;
                listener.set_nonblocking(true)?;
                let bound = listener.local_addr()?.to_string();
                (ListeningSocket::Tcp(listener), Address::Tcp(bound))
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let listener = super::unix::bind(path)?;
                listener.set_nonblocking(true)?;
                (ListeningSocket::Unix(listener), address.clone())
            }
            #[cfg(not(unix))]
            Address::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
            Address::Other(_) => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "only its own listener can listen there"));
            }
        };
        Ok(Listener { socket, address })
    }

    /// Accepts a connection that waits. If none does, waits for one or for the bell, and returns
    /// `None`.
    pub(crate) fn accept(&self, bell: &Bell) -> io::Result<Option<Parts>> {
        match self.accept_now() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => bell.wait(&self.socket).map(|()| None),
            outcome => outcome.map(Some),
        }
    }

    /// Accepts a connection that waits.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none waits;
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) if its client has already gone,
    /// which some systems report as another error when the socket is set up.
    pub(crate) fn accept_now(&self) -> io::Result<Parts> {
        let parts = match &self.socket {
            ListeningSocket::Tcp(listener) => listener.accept()?.0.into_parts(),
            #[cfg(unix)]
            ListeningSocket::Unix(listener) => listener.accept()?.0.into_parts(),
        };
        parts.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            // it may already have been removed
            _ = std::fs::remove_file(path);
        }
    }
}

/// A pair of sockets: a thread that waits for connections also polls one, and ringing shuts the
/// other.
#[cfg(unix)]
mod bell {
    use std::io;
    use std::net::Shutdown;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;

    use super::ListeningSocket;

    /// Ends the wait for connections.
    #[derive(Debug)]
    pub(crate) struct Bell {
        heard: UnixStream,
        rung: UnixStream,
    }

    impl Bell {
        pub(crate) fn new() -> io::Result<Bell> {
            let (heard, rung) = UnixStream::pair()?;
            Ok(Bell { heard, rung })
        }

        /// Ends each wait, also the later ones.
        pub(crate) fn ring(&self) {
            // it fails only if it has rung before
            _ = self.rung.shutdown(Shutdown::Both);
        }

        /// Waits for a connection or the bell.
        pub(super) fn wait(&self, socket: &ListeningSocket) -> io::Result<()> {
            let socket = match socket {
                ListeningSocket::Tcp(listener) => listener.as_fd(),
                ListeningSocket::Unix(listener) => listener.as_fd(),
            };
            match poll(&mut [self.heard.as_fd(), socket].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)), None) {
                Ok(_) | Err(Errno::INTR) => Ok(()),
                Err(error) => Err(error.into()),
            }
        }
    }
}

/// Nothing here waits for two things at once, so a wait for connections ends every 50 ms.
#[cfg(not(unix))]
mod bell {
    use std::io;
    use std::time::Duration;

    use super::ListeningSocket;

    #[derive(Debug)]
    pub(crate) struct Bell;

    impl Bell {
        pub(crate) fn new() -> io::Result<Bell> {
            Ok(Bell)
        }

        pub(crate) fn ring(&self) {}

        pub(super) fn wait(&self, _socket: &ListeningSocket) -> io::Result<()> {
            std::thread::sleep(Duration::from_millis(50));
            Ok(())
        }
    }
}
