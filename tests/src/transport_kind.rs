//! Connections over each kind of transport, and a server for them that counts them.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rpc_core::transport::{Parts, memory_pair};
use rpc_core::{Client, ClientConfig, Dispatch, ServerConfig, Transport, serve_connection_with};

use super::records::Records;

/// A kind of transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// A TCP connection over loopback.
    Tcp,
    /// A pair of Unix sockets.
    #[cfg(unix)]
    Unix,
    /// Two buffers in memory.
    Memory,
    /// Records over two buffers in memory.
    Records,
    /// Mutual TLS over a pair of Unix sockets or, on other systems, two buffers in memory.
    #[cfg(feature = "tls")]
    Tls,
}

impl TransportKind {
    /// All kinds; with the feature `tls` that one alone, because the others are tested without it.
    #[cfg(feature = "tls")]
    pub const ALL: &[TransportKind] = &[TransportKind::Tls];
    /// All kinds; with the feature `tls` that one alone, because the others are tested without it.
    #[cfg(not(feature = "tls"))]
    pub const ALL: &[TransportKind] = &[
        TransportKind::Tcp,
        #[cfg(unix)]
        TransportKind::Unix,
        TransportKind::Memory,
        TransportKind::Records,
    ];

    /// Returns two connected ends.
    ///
    /// # Errors
    /// If the system has no more sockets.
    pub fn pair(self) -> io::Result<(Parts, Parts)> {
        match self {
            TransportKind::Tcp => {
                let listener = TcpListener::bind("127.0.0.1:0")?;
                let near = TcpStream::connect(listener.local_addr()?)?;
                Ok((near.into_parts()?, listener.accept()?.0.into_parts()?))
            }
            #[cfg(unix)]
            TransportKind::Unix => {
                let (near, far) = std::os::unix::net::UnixStream::pair()?;
                Ok((near.into_parts()?, far.into_parts()?))
            }
            TransportKind::Memory => {
                let (near, far) = memory_pair();
                Ok((near.into_parts()?, far.into_parts()?))
            }
            TransportKind::Records => {
                let (near, far) = memory_pair();
                Ok((Records(near).into_parts()?, Records(far).into_parts()?))
            }
            #[cfg(feature = "tls")]
            TransportKind::Tls => {
                #[cfg(unix)]
                let (near, far) = TransportKind::Unix.pair()?;
                #[cfg(not(unix))]
                let (near, far) = TransportKind::Memory.pair()?;
                super::certificates::shake_hands(near, far)
            }
        }
    }

    /// Returns a client of `service`, which a thread serves for each connection that the client
    /// opens.
    pub fn serve<D: Dispatch + Clone + Send + Sync + 'static>(self, service: D) -> (Client, Connections) {
        self.serve_with(service, ClientConfig::default(), ServerConfig::default(), |near| near)
    }

    /// Like [`serve`](TransportKind::serve), with configurations, and with the client's end
    /// wrapped.
    pub fn serve_with<D, T>(
        self,
        service: D,
        client: ClientConfig,
        server: ServerConfig,
        wrap: impl Fn(Parts) -> T + Send + Sync + 'static,
    ) -> (Client, Connections)
    where
        D: Dispatch + Clone + Send + Sync + 'static,
        T: Transport,
    {
        let connections = Connections::default();
        let counter = connections.clone();
        let connect = move |_left| {
            let (near, far) = self.pair()?;
            counter.0.fetch_add(1, Ordering::SeqCst);
            let (service, server) = (service.clone(), server.clone());
            // the client sees how it ends
            thread::spawn(move || serve_connection_with(far, service, server));
            Ok(wrap(near))
        };
        (Client::with_connector(format!("{self:?} to itself"), connect, client), connections)
    }
}

/// Counts the connections that a client has opened.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<AtomicUsize>);

impl Connections {
    /// Returns how many it has opened since it was created.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
