//! Listening sockets, of TCP and of Unix.

use std::io;
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use super::bell::Bell;
use super::{Address, IntoListener, Listener, Parts, Transport};

/// A listening socket of TCP or, on Unix, a Unix socket. std's listeners become one in
/// [`Server::new`](crate::Server::new); [`Server::bind`](crate::Server::bind) makes one by itself.
#[derive(Debug)]
pub struct SocketListener {
    /// Dropped before the socket.
    _path: Option<BoundPath>,
    socket: ListeningSocket,
    /// Where it is bound: for port 0 with the port that the system chose.
    address: Address,
    bell: Bell,
    name: Option<String>,
}

#[derive(Debug)]
enum ListeningSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// A connection that a [`SocketListener`] has accepted.
#[derive(Debug)]
pub struct SocketStream(AcceptedSocket);

#[derive(Debug)]
enum AcceptedSocket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Binds a socket as a server does. A Unix socket's file gets these permissions if they are given,
/// and is removed when the listener is dropped.
///
/// # Errors
/// The system's, or [`Unsupported`](io::ErrorKind::Unsupported) if nothing can listen there; each
/// names the address.
pub fn listen(address: &Address, unix_mode: Option<u32>) -> io::Result<SocketListener> {
    SocketListener::bind(address, unix_mode).map_err(|error| address.name_in(error))
}

impl SocketListener {
    /// Binds a socket. A Unix socket's file gets these permissions if they are given, and is
    /// removed when this is dropped.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "it has no Unix sockets"))]
    pub(crate) fn bind(address: &Address, unix_mode: Option<u32>) -> io::Result<SocketListener> {
        match address {
            Address::Tcp(place) | Address::Tls(place) => TcpListener::bind(place)?.into_listener(),
            #[cfg(unix)]
            Address::Unix(path) => {
                let socket = super::unix::bind(path, unix_mode)?;
                let bound = BoundPath(path.clone());
                let listener = SocketListener::over(ListeningSocket::Unix(socket), address.clone())?;
                Ok(SocketListener { _path: Some(bound), ..listener })
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            Address::Exec(_) => Err(unsupported("a command is for clients: they start it")),
            Address::AnyOf(_) => Err(unsupported("a server listens at one address")),
            Address::Other(_) => Err(unsupported("only its own listener can listen there")),
        }
    }

    fn over(socket: ListeningSocket, address: Address) -> io::Result<SocketListener> {
        match &socket {
            ListeningSocket::Tcp(listener) => listener.set_nonblocking(true)?,
            #[cfg(unix)]
            ListeningSocket::Unix(listener) => listener.set_nonblocking(true)?,
        }
        Ok(SocketListener { _path: None, socket, address, bell: Bell::new()?, name: None })
    }

    #[cfg(unix)]
    pub(super) fn with_name(self, name: Option<String>) -> SocketListener {
        SocketListener { name, ..self }
    }

    /// Returns the name that a socket from `activated_listeners` was given in `LISTEN_FDNAMES`, as
    /// by `FileDescriptorName=` in a systemd socket unit; `None` for all others.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Accepts a connection that waits; fails with [`WouldBlock`](io::ErrorKind::WouldBlock) if
    /// none does.
    fn accept_now(&self) -> io::Result<SocketStream> {
        Ok(SocketStream(match &self.socket {
            ListeningSocket::Tcp(listener) => AcceptedSocket::Tcp(listener.accept()?.0),
            #[cfg(unix)]
            ListeningSocket::Unix(listener) => AcceptedSocket::Unix(listener.accept()?.0),
        }))
    }

    fn wait(&self) -> io::Result<()> {
        match &self.socket {
            ListeningSocket::Tcp(listener) => self.bell.wait_or(listener),
            #[cfg(unix)]
            ListeningSocket::Unix(listener) => self.bell.wait_or(listener),
        }
    }
}

impl Listener for SocketListener {
    type Transport = SocketStream;

    fn accept(&self) -> io::Result<Option<SocketStream>> {
        loop {
            match self.accept_now() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.bell.has_rung() {
                        return Ok(None);
                    }
                    self.wait()?;
                }
                outcome => return outcome.map(Some),
            }
        }
    }

    fn address(&self) -> Address {
        self.address.clone()
    }

    fn wake(&self) {
        self.bell.ring();
    }
}

impl Transport for SocketStream {
    fn into_parts(self) -> io::Result<Parts> {
        match self.0 {
            AcceptedSocket::Tcp(stream) => stream.into_parts(),
            #[cfg(unix)]
            AcceptedSocket::Unix(stream) => stream.into_parts(),
        }
    }
}

impl IntoListener for TcpListener {
    type Listener = SocketListener;

    /// Makes the socket, and with it all its clones, non-blocking.
    fn into_listener(self) -> io::Result<SocketListener> {
        let address = Address::Tcp(self.local_addr()?.to_string());
        SocketListener::over(ListeningSocket::Tcp(self), address)
    }
}

#[cfg(unix)]
impl IntoListener for UnixListener {
    type Listener = SocketListener;

    /// Makes the socket, and with it all its clones, non-blocking. Its path is not removed at the
    /// end, because whoever bound it may need it for the next server.
    fn into_listener(self) -> io::Result<SocketListener> {
        let bound = self.local_addr()?;
        let address = match bound.as_pathname() {
            // the path may be relative, and an address is not
            Some(path) => Address::Unix(std::path::absolute(path)?),
            None => Address::Other(format!("unix: {bound:?}")),
        };
        SocketListener::over(ListeningSocket::Unix(self), address)
    }
}

fn unsupported(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

/// The path of a Unix socket, which is removed at the end.
#[derive(Debug)]
struct BoundPath(PathBuf);

impl Drop for BoundPath {
    fn drop(&mut self) {
        // it may already have been removed
        _ = std::fs::remove_file(&self.0);
    }
}
