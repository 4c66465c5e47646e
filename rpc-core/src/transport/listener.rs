//! Where connections come from, and how waiting for them ends.

use std::io;
use std::net::TcpListener;

use super::{Address, Parts, Transport};
use bell::Bell;
pub(crate) use bell::Ringer;

/// A bound socket. Dropping it removes a Unix socket's path.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: ListeningSocket,
    address: Address,
    bell: Bell,
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
        };
        Ok(Listener { socket, address, bell: Bell::new()? })
    }

    /// Returns where it is bound: for port 0 with the port that the system chose.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Returns what ends the waiting for connections.
    pub(crate) fn ringer(&self) -> io::Result<Ringer> {
        self.bell.ringer()
    }

    /// Waits for a connection. Returns `None` when the bell rings.
    pub(crate) fn accept(&self) -> io::Result<Option<Parts>> {
        loop {
            match self.accept_now() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.bell.wait(&self.socket)? {
                        return Ok(None);
                    }
                }
                outcome => return outcome.map(Some),
            }
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

/// A pair of sockets: a thread that waits for connections also polls one, and the ringer shuts the
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

    #[derive(Debug)]
    pub(super) struct Bell {
        heard: UnixStream,
        rung: UnixStream,
    }

    /// Rings when it is dropped.
    #[derive(Debug)]
    pub(crate) struct Ringer(UnixStream);

    impl Bell {
        pub(super) fn new() -> io::Result<Bell> {
            let (heard, rung) = UnixStream::pair()?;
            Ok(Bell { heard, rung })
        }

        pub(super) fn ringer(&self) -> io::Result<Ringer> {
            Ok(Ringer(self.rung.try_clone()?))
        }

        /// Waits for a connection or the bell. Returns whether it was the bell.
        pub(super) fn wait(&self, socket: &ListeningSocket) -> io::Result<bool> {
            let socket = match socket {
                ListeningSocket::Tcp(listener) => listener.as_fd(),
                ListeningSocket::Unix(listener) => listener.as_fd(),
            };
            let mut waiting = [self.heard.as_fd(), socket].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
            match poll(&mut waiting, None) {
                Ok(_) | Err(Errno::INTR) => Ok(!waiting[0].revents().is_empty()),
                Err(error) => Err(error.into()),
            }
        }
    }

    impl Drop for Ringer {
        fn drop(&mut self) {
            // it fails only if it has rung before
            _ = self.0.shutdown(Shutdown::Both);
        }
    }
}

/// Nothing here waits for two things at once, so a thread that waits for connections looks every 50
/// ms.
#[cfg(not(unix))]
mod bell {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::ListeningSocket;

    #[derive(Debug)]
    pub(super) struct Bell(Arc<AtomicBool>);

    /// Rings when it is dropped.
    #[derive(Debug)]
    pub(crate) struct Ringer(Arc<AtomicBool>);

    impl Bell {
        pub(super) fn new() -> io::Result<Bell> {
            Ok(Bell(Arc::default()))
        }

        pub(super) fn ringer(&self) -> io::Result<Ringer> {
            Ok(Ringer(Arc::clone(&self.0)))
        }

        pub(super) fn wait(&self, _socket: &ListeningSocket) -> io::Result<bool> {
            std::thread::sleep(Duration::from_millis(50));
            Ok(self.0.load(Ordering::Relaxed))
        }
    }

    impl Drop for Ringer {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}
