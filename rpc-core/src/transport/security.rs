//! What puts a layer such as TLS on connected transports.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::Parts;

/// Secures the connections of a client, as `rpc_tls::TlsConnector` does. See
/// [`ClientConfig::tls`](crate::ClientConfig::tls).
pub trait ClientSecurity: Send + Sync + 'static {
    /// Puts the layer on a connection, perhaps after a handshake, which may block until `until`.
    /// `host` is where the client has connected to: a name, an IPv4 address, or an IPv6 address
    /// without brackets. A call that is cancelled meanwhile aborts the connection below.
    ///
    /// The layer follows the rules in [`Transport`](crate::Transport#records). What the peer has
    /// proved to be belongs into [`Parts::peer`].
    ///
    /// # Errors
    /// Why there is no secure connection, and who has to act. The caller adds the address.
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) if the server has closed without a
    /// reason, as it does when it restarts: the client tries again.
    fn secure(&self, below: Parts, host: &str, until: Option<Instant>) -> io::Result<Parts>;
}

/// Secures the connections of a server, as `rpc_tls::TlsAcceptor` does. See
/// [`ServerConfig::tls`](crate::ServerConfig::tls).
pub trait ServerSecurity: Send + Sync + 'static {
    /// Puts the layer on a connection, on that connection's own thread, perhaps after a handshake,
    /// which may block until `until`. Otherwise as [`ClientSecurity::secure`].
    ///
    /// # Errors
    /// Why there is no secure connection, and who has to act. The caller adds the peer.
    fn secure(&self, below: Parts, until: Option<Instant>) -> io::Result<Parts>;
}

/// The layer that a config may have.
pub(crate) struct Layer<T: ?Sized>(pub(crate) Option<Arc<T>>);

impl<T: ?Sized> Default for Layer<T> {
    fn default() -> Layer<T> {
        Layer(None)
    }
}

impl<T: ?Sized> Clone for Layer<T> {
    fn clone(&self) -> Layer<T> {
        Layer(self.0.clone())
    }
}

impl<T: ?Sized> fmt::Debug for Layer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "None" })
    }
}
