//! Servers: one thread for each connection, up to a configurable number of connections.

mod accept;
mod admission;
mod answer;
mod arguments;
mod config;
mod connection;
mod context;
mod describe;
mod dispatch;
mod exchange;
mod extensions;
mod handle;
mod handshakes;
mod lifecycle;
mod origin;
mod per_connection;
mod refusal;
mod refused;
mod registry;
mod reply;
mod request_octets;
mod serve;
mod several;
mod starting;
#[cfg(unix)]
mod stdio;
mod stopping;
mod unknown;
mod watched;

use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use crate::error::{Error, Fate, Operation, Result};
use crate::observe::Ended;
use crate::transport::{
    Address, ErasedListener, IntoListener, Listener, PROXY_HEADER_TIME, Parts, Peer, SocketListener, ToAddress,
    Transport,
};

pub use arguments::{AndOctets, AndValues, Arguments, Octets, Values};
pub use config::ServerConfig;
pub use context::CallContext;
pub use dispatch::{Call, Dispatch, TypedCall};
pub use exchange::Served;
pub use extensions::Extensions;
pub use handle::{ServerHandle, Stopper};
pub use per_connection::PerConnection;
pub use refused::{IntoService, Refused};
pub use reply::Reply;
pub use several::{Service, contracts};
#[cfg(unix)]
pub use stdio::{serve_stdio, serve_stdio_with};
pub use stopping::ShutdownReport;

use connection::ServerConnection;
use registry::Registry;

/// Makes the service of one connection, on that connection's thread, or refuses the peer.
type MakeService = Box<dyn FnOnce(&Peer) -> Result<Box<dyn Dispatch>, Refused> + Send>;

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
    config: Arc<ServerConfig>,
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
        if matches!(address, Address::Tls(_)) && !config.has_tls() {
            let reason =
                "the server has no TLS: give `ServerConfig::tls` an acceptor, such as that of the crate rpc-tls";
            let error = address.name_in(io::Error::new(io::ErrorKind::Unsupported, reason));
            return Err(Error::transport(Operation::Binding, Fate::UNREACHED)(error));
        }
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
        let address = config.reached_at(listener.address());
        Ok(Server { listener: Arc::new(listener), address, config: Arc::new(config) })
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
    pub fn serve<D: PerConnection + Send + 'static>(self, service: D) -> Result<()> {
        self.accept_on_this_thread(cloning(service)?)
    }

    /// Serves each connection on its own thread with the service that `make` returns for its peer,
    /// and accepts connections on this thread. Otherwise as [`spawn_with`](Server::spawn_with).
    /// Returns only with an error, unless a [`Listener`] of your own has no more connections.
    ///
    /// # Errors
    /// If no more connections can be accepted.
    pub fn serve_with<F, R>(self, make: F) -> Result<()>
    where
        F: Fn(&Peer) -> R + Send + Sync + 'static,
        R: IntoService<Service: 'static>,
    {
        self.accept_on_this_thread(making(make))
    }

    /// Serves each connection on its own thread with a clone of `service`, and accepts connections
    /// on another thread.
    ///
    /// # Errors
    /// [`Misuse::SharedEndpoint`](crate::Misuse::SharedEndpoint) if two services have the same
    /// endpoint; [`Error::Transport`] if the system cannot start a thread.
    pub fn spawn<D: PerConnection + Send + 'static>(self, service: D) -> Result<ServerHandle> {
        self.spawn_accepting(cloning(service)?)
    }

    /// Serves each connection on its own thread with the service that `make` returns for its peer,
    /// and accepts connections on another thread.
    ///
    /// `make` is called on the connection's thread, and its result stays on that thread. It may
    /// return a `Result` instead, and refuse the peer by a [`Refused`]: the client's first call
    /// then fails with that reason, and an error that says that it [never ran](Error::never_ran).
    /// An original client takes it for an ordinary refusal of its call. A `make` that panics
    /// refuses the connection as well.
    ///
    /// A refused connection is closed after its first reply, or without one if no request comes
    /// within 2 s. It does not count towards [`max_connections`](ServerConfig::max_connections).
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use rpc_core::{Refused, Result, Server, rpc_service};
    ///
    /// #[rpc_service]
    /// trait Greeter {
    ///     fn greet(&self) -> Result<String>;
    /// }
    ///
    /// struct Polite(String);
    ///
    /// impl Greeter for Polite {
    ///     fn greet(&self) -> Result<String> {
    ///         Ok(format!("hello, {}", self.0))
    ///     }
    /// }
    ///
    /// let members = HashMap::from([("192.0.2.1", "ann")]);
    /// let server = Server::bind("tcp://127.0.0.1:0")?.spawn_with(move |peer| {
    ///     let address = peer.tcp_address().ok_or_else(|| Refused::new("members call over TCP"))?;
    ///     let name = members.get(&*address.ip().to_string()).ok_or_else(|| Refused::new("members only"))?;
    ///     Ok(GreeterServer::new(Polite(name.to_string())))
    /// })?;
    ///
    /// let greeter = GreeterClient::connect(server.address())?;
    /// let error = greeter.greet().unwrap_err();
    /// assert_eq!(error.to_string(), "members only");
    /// assert!(error.never_ran());
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn spawn_with<F, R>(self, make: F) -> Result<ServerHandle>
    where
        F: Fn(&Peer) -> R + Send + Sync + 'static,
        R: IntoService<Service: 'static>,
    {
        self.spawn_accepting(making(make))
    }

    fn accept_on_this_thread(self, prepare: PrepareService) -> Result<()> {
        let registry = Registry::new(&self.listener);
        self.accept_all(&registry, prepare)?;
        registry.wait_for_end();
        Ok(())
    }

    fn spawn_accepting(self, prepare: PrepareService) -> Result<ServerHandle> {
        let (address, cleanup_time) = (self.address.clone(), self.config.cleanup_time);
        let registry = Registry::new(&self.listener);
        let for_acceptor = Arc::clone(&registry);
        let accept = move || {
            self.accept_all(&for_acceptor, prepare)
                .inspect_err(|error| tracing::error!(%error, "no further connections are accepted"))?;
            for_acceptor.wait_for_end();
            Ok(for_acceptor.finish_stop(cleanup_time))
        };
        let started = thread::Builder::new().name("rpc-accept".to_owned()).spawn(accept);
        let acceptor = started.map_err(Error::transport(Operation::Accepting, Fate::UNREACHED))?;
        Ok(ServerHandle { address, stopper: Stopper(registry), cleanup_time, acceptor: Some(acceptor) })
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
/// This suits pairs of halves (`(stdin(), stdout())` is a transport, for which `serve_stdio` does
/// more) and tests. The service needs to be neither `Send` nor `Clone`.
///
/// # Errors
/// [`Misuse::SharedEndpoint`](crate::Misuse::SharedEndpoint) if two services have the same
/// endpoint. What broke the connection: [`Error::Protocol`], [`Error::Transport`],
/// [`Error::Deadline`], or the [`Error::Source`] of a handler's stream.
pub fn serve_connection<D: Dispatch>(transport: impl Transport, service: D) -> Result<Ended> {
    serve_connection_with(transport, service, ServerConfig::default())
}

/// Serves one connection on this thread until it ends, with this config; see [`serve_connection`].
///
/// # Errors
/// As [`serve_connection`].
pub fn serve_connection_with<D: Dispatch>(
    transport: impl Transport,
    service: D,
    config: ServerConfig,
) -> Result<Ended> {
    let set_up =
        |config: &ServerConfig| config.secure(config.behind_proxy(transport.into_parts()?, PROXY_HEADER_TIME)?);
    serve_parts(set_up, service, config)
}

/// Serves one connection, which `set_up` takes apart once it is known that the service can be
/// served.
fn serve_parts<D: Dispatch>(
    set_up: impl FnOnce(&ServerConfig) -> io::Result<Parts>,
    mut service: D,
    config: ServerConfig,
) -> Result<Ended> {
    let contracts = service.contracts();
    contracts.check()?;
    let parts = set_up(&config).map_err(Error::transport(Operation::Accepting, Fate::UNREACHED))?;
    let connection = ServerConnection::new(parts, Arc::new(config));
    connection.offer(contracts);
    Rc::new(connection).run(&mut service)
}

fn cloning<D: PerConnection + Send + 'static>(service: D) -> Result<PrepareService> {
    service.contracts().check()?;
    Ok(Box::new(move || {
        let own = service.clone();
        Box::new(move |_| Ok(Box::new(own)))
    }))
}

fn making<R: IntoService<Service: 'static>>(make: impl Fn(&Peer) -> R + Send + Sync + 'static) -> PrepareService {
    let make = Arc::new(make);
    Box::new(move || {
        let make = Arc::clone(&make);
        Box::new(move |peer| Ok(Box::new(make(peer).into_service()?)))
    })
}
