//! Servers: one thread for each connection, up to a configurable number of connections.

mod accept;
mod answer;
mod arguments;
mod config;
mod connection;
mod context;
mod dispatch;
mod exchange;
mod extensions;
mod handle;
mod lifecycle;
mod lock;
mod registry;
mod reply;
mod reply_batching;
mod request_octets;
mod serve;
mod several;
mod unknown;
mod watched;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use crate::error::{Error, Fate, Operation, Result};
use crate::observe::Ended;
use crate::transport::{Address, ErasedListener, IntoListener, Listener, Peer, SocketListener, ToAddress, Transport};

pub use arguments::{AndOctets, Arguments, Octets};
pub use config::ServerConfig;
pub use context::CallContext;
pub use dispatch::{Call, Dispatch, TypedCall};
pub use exchange::Served;
pub use extensions::Extensions;
pub use handle::{ServerHandle, ShutdownReport};
pub use reply::Reply;
pub use several::{Service, contracts};

use connection::ServerConnection;
use registry::Registry;

/// Makes the service of one connection, on that connection's thread.
type MakeService = Box<dyn FnOnce(&Peer) -> Box<dyn Dispatch> + Send>;

/// Returns a [`MakeService`] for each connection. The service's type is erased here, so a program
/// compiles the server's code once and not for each of its services.
type PrepareService = Box<dyn FnMut() -> MakeService + Send>;

/// A server that listens and does not serve yet.
///
/// Each connection is served on its own thread, one call at a time. A handler's panic becomes a
/// ServerError reply, and the server goes on.
#[must_use = "a server serves nothing before `serve` or `spawn`"]
pub struct Server {
    listener: Arc<dyn ErasedListener>,
    address: Address,
    config: ServerConfig,
}

impl Server {
    /// Binds an address with the default [`ServerConfig`].
    ///
    /// # Errors
    /// [`Misuse::Address`](crate::Misuse::Address), or [`Error::Transport`] if the address cannot
    /// be bound. A Unix socket that a dead process has left is replaced, one that is in use is not.
    pub fn bind(address: impl ToAddress) -> Result<Server> {
        Server::bind_with(address, ServerConfig::default())
    }

    /// Binds an address with this config.
    ///
    /// # Errors
    /// As [`bind`](Server::bind).
    pub fn bind_with(address: impl ToAddress, config: ServerConfig) -> Result<Server> {
        let address = address.to_address()?;
        let bound = SocketListener::bind(&address, config.unix_socket_mode).map_err(|error| address.name_in(error));
        Server::new_with(bound.map_err(Error::transport(Operation::Binding, Fate::UNREACHED))?, config)
    }

    /// Listens on a socket that you have bound, or on a [`Listener`] of your own, with the default
    /// [`ServerConfig`]. A socket is made non-blocking, and a Unix socket's path stays when the
    /// server ends.
    ///
    /// ```
    /// use std::net::TcpListener;
    ///
    /// let server = rpc_core::Server::new(TcpListener::bind("127.0.0.1:0")?)?;
    /// assert!(server.address().to_string().starts_with("tcp://127.0.0.1:"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Transport`] if the listener cannot be set up.
    pub fn new(listener: impl IntoListener) -> Result<Server> {
        Server::new_with(listener, ServerConfig::default())
    }

    /// Listens as [`new`](Server::new) does, with this config.
    ///
    /// # Errors
    /// As [`new`](Server::new).
    pub fn new_with(listener: impl IntoListener, config: ServerConfig) -> Result<Server> {
        let listener = listener.into_listener().map_err(Error::transport(Operation::Binding, Fate::UNREACHED))?;
        let address = listener.address();
        Ok(Server { listener: Arc::new(listener), address, config })
    }

    /// Returns the address it listens on. If it was bound to port 0, has the port that the system
    /// chose.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Serves each connection on its own thread with a clone of `service`, and accepts connections
    /// on this thread. Returns only with an error, unless a [`Listener`] of your own has no more
    /// connections.
    ///
    /// # Errors
    /// [`Misuse::SharedEndpoint`](crate::Misuse::SharedEndpoint) if two services have the same
    /// endpoint; [`Error::Transport`] if no more connections can be accepted.
    pub fn serve<D: Dispatch + Clone + Send + 'static>(self, service: D) -> Result<()> {
        self.accept_on_this_thread(cloning(service)?)
    }

    /// Serves each connection on its own thread with what `make` returns, and accepts connections
    /// on this thread. `make` is called on the connection's thread with its peer, and its result
    /// stays on that thread. Returns as [`serve`](Server::serve) does.
    ///
    /// # Errors
    /// If no more connections can be accepted.
    pub fn serve_with<D: Dispatch + 'static, F: Fn(&Peer) -> D + Send + Sync + 'static>(self, make: F) -> Result<()> {
        self.accept_on_this_thread(making(make))
    }

    /// Serves each connection on its own thread with a clone of `service`, and accepts connections
    /// on another thread.
    ///
    /// # Errors
    /// [`Misuse::SharedEndpoint`](crate::Misuse::SharedEndpoint) if two services have the same
    /// endpoint; [`Error::Transport`] if the system cannot start a thread.
    pub fn spawn<D: Dispatch + Clone + Send + 'static>(self, service: D) -> Result<ServerHandle> {
        self.spawn_accepting(cloning(service)?)
    }

    /// Serves each connection on its own thread with what `make` returns, and accepts connections
    /// on another thread. `make` is called on the connection's thread with its peer, and its result
    /// stays on that thread.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn spawn_with<D: Dispatch + 'static, F: Fn(&Peer) -> D + Send + Sync + 'static>(
        self,
        make: F,
    ) -> Result<ServerHandle> {
        self.spawn_accepting(making(make))
    }

    fn accept_on_this_thread(self, prepare: PrepareService) -> Result<()> {
        let registry = Registry::new(&self.listener);
        self.accept_all(&registry, prepare)
    }

    fn spawn_accepting(self, prepare: PrepareService) -> Result<ServerHandle> {
        let address = self.address.clone();
        let registry = Registry::new(&self.listener);
        let for_acceptor = Arc::clone(&registry);
        let acceptor = thread::Builder::new()
            .name("rpc-accept".to_owned())
            .spawn(move || {
                if let Err(error) = self.accept_all(&for_acceptor, prepare) {
                    tracing::error!(%error, "no further connections are accepted");
                }
            })
            .map_err(Error::transport(Operation::Accepting, Fate::UNREACHED))?;
        Ok(ServerHandle { address, registry, acceptor: Some(acceptor) })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).field("config", &self.config).finish_non_exhaustive()
    }
}

/// Serves one connection on this thread until it ends, with the default [`ServerConfig`]. Returns
/// how it ended.
///
/// This suits standard input and output (`(stdin(), stdout())` is a transport) and tests. The
/// service needs to be neither `Send` nor `Clone`.
///
/// # Errors
/// [`Misuse::SharedEndpoint`](crate::Misuse::SharedEndpoint) if two services have the same
/// endpoint. What broke the connection: [`Error::Protocol`], [`Error::Transport`], [`Error::Deadline`], or
/// the [`Error::Source`] of a handler's stream.
pub fn serve_connection<D: Dispatch>(transport: impl Transport, service: D) -> Result<Ended> {
    serve_connection_with(transport, service, ServerConfig::default())
}

/// Serves one connection on this thread until it ends, with this config; see [`serve_connection`].
///
/// # Errors
/// As [`serve_connection`].
pub fn serve_connection_with<D: Dispatch>(
    transport: impl Transport,
    mut service: D,
    config: ServerConfig,
) -> Result<Ended> {
    service.contracts().check()?;
    let parts = transport.into_parts().map_err(Error::transport(Operation::Accepting, Fate::UNREACHED))?;
    Rc::new(ServerConnection::new(parts, config)).run(&mut service)
}

fn cloning<D: Dispatch + Clone + Send + 'static>(service: D) -> Result<PrepareService> {
    service.contracts().check()?;
    Ok(Box::new(move || {
        let own = service.clone();
        Box::new(move |_| Box::new(own))
    }))
}

fn making<D: Dispatch + 'static>(make: impl Fn(&Peer) -> D + Send + Sync + 'static) -> PrepareService {
    let make = Arc::new(make);
    Box::new(move || {
        let make = Arc::clone(&make);
        Box::new(move |peer| Box::new(make(peer)))
    })
}
