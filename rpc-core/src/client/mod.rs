//! Clients: typed calls by endpoint name, over a pool of connections or over a single one.
//!
//! The generated client of a trait whose methods take `&self` wraps a [`Client`]; if they take
//! `&mut self`, it wraps a [`Session`]. Both can be used without the macro.

mod back_off;
mod budget;
mod call;
mod cancelling;
#[cfg(unix)]
mod commands;
mod config;
mod connecting;
mod connection;
mod control;
mod deadline;
mod duplex;
mod in_flight;
mod lease;
mod login;
mod opening;
mod options;
mod pipeline;
mod place;
mod places;
mod pool;
mod pump;
mod repeats;
mod reply;
mod request;
mod resolver;
mod sending;
mod session;
mod settings;
mod shared;
mod watched;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::error::Result;
use crate::transport::{Address, ToAddress, Transport};

pub use call::CallBuilder;
pub use config::ClientConfig;
pub use opening::open_transport;
pub use options::CallOptions;
pub use pipeline::Pipeline;
pub use session::Session;

use deadline::Deadline;
use lease::Lease;
use opening::{connector, connector_by, parts_of};
use pool::{Freshness, Pool, prepared};
use shared::Sharing;

/// A client that threads can share: it calls endpoints by name over a pool of connections.
///
/// Cloning is cheap and shares the pool. Any number of threads may call at once: a call opens a
/// connection if none is idle, and the pool keeps a few idle ones. A stream keeps its connection
/// until it has been read to its end or is dropped. The address may name several servers of the
/// same service, `["tcp://a:1", "tcp://b:1"]`, or be a name with several IP addresses:
/// `docs/fail-over.md` describes how a client spreads over them and leaves those that fail.
///
/// Calls block, within the limits that [`ClientConfig`] sets; `docs/tokio.md` is about calls from
/// async programs. The error of a failed call says whether it [never ran](crate::Error::never_ran).
/// Dropping the last clone asks the server to close, without waiting for its answer;
/// [`close`](Client::close) waits and returns errors.
///
/// ```
/// use rpc_core::{Call, Client, Contract, Contracts, Dispatch, Served, Server};
///
/// # #[derive(Clone)]
/// struct Doubler;
///
/// impl Dispatch for Doubler {
///     fn contracts(&self) -> Contracts {
///         const { &Contract::new("Doubler") }.into()
///     }
///
///     fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
///         match call.endpoint() {
///             "double" => call.takes_json().returns_json(|number: u32| Ok::<_, rpc_core::Error>(number * 2)),
///             _ => call.unknown_endpoint(),
///         }
///     }
/// }
///
/// let server = Server::bind("tcp://127.0.0.1:0")?.spawn(Doubler)?;
/// let client = Client::connect(server.address())?;
/// let doubled: u32 = client.call("double").with(&21).json()?;
/// assert_eq!(doubled, 42);
/// # Ok::<(), rpc_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pool: Arc<Pool>,
    sharing: Option<Arc<Sharing>>,
    options: Arc<CallOptions>,
    /// The name of the service whose generated client makes the calls.
    service: Option<&'static str>,
}

impl Client {
    /// Connects to a server, or to any of several, with the default [`ClientConfig`]. Blocks until
    /// connected.
    ///
    /// # Errors
    /// [`Misuse::Address`](crate::Misuse::Address) if the address is invalid,
    /// [`Error::Transport`](crate::Error::Transport) if connecting fails: it names each address.
    /// [`Error::Deadline`](crate::Error::Deadline) if it takes longer than the connect limit.
    pub fn connect(address: impl ToAddress) -> Result<Client> {
        Client::connect_with(address, ClientConfig::default())
    }

    /// Connects to a server, or to any of several. Opens the first connection now, so that a wrong
    /// address is noticed, and others when they are needed.
    ///
    /// # Errors
    /// [`Misuse::Address`](crate::Misuse::Address) if the address is invalid,
    /// [`Error::Transport`](crate::Error::Transport) if connecting fails,
    /// [`Error::Deadline`](crate::Error::Deadline) if it takes longer than the connect limit.
    pub fn connect_with(address: impl ToAddress, config: ClientConfig) -> Result<Client> {
        let client = Client::of_pool(Arc::new(Pool::new(connector(address.to_address()?), config)));
        client.pool.warm_up()?;
        Ok(client)
    }

    /// Creates a client of a single connection, which is never replaced, with the default
    /// [`ClientConfig`]. While a stream is open on it, another call waits, or fails with
    /// [`Misuse::Busy`](crate::Misuse::Busy) if its own thread holds the stream.
    ///
    /// # Errors
    /// [`Error::Transport`](crate::Error::Transport) if the transport cannot be prepared.
    pub fn from_transport(transport: impl Transport) -> Result<Client> {
        Client::from_transport_with(transport, ClientConfig::default())
    }

    /// Does the same as [`from_transport`](Client::from_transport), with settings of your own.
    /// Limits on the number of connections do not apply.
    ///
    /// # Errors
    /// [`Error::Transport`](crate::Error::Transport) if the transport cannot be prepared.
    pub fn from_transport_with(transport: impl Transport, config: ClientConfig) -> Result<Client> {
        let connection =
            prepared(parts_of(transport)?, &config, Deadline::none()).map_err(|unprepared| unprepared.error)?;
        Ok(Client::of_pool(Arc::new(Pool::of_one(connection, config))))
    }

    /// Creates a client that opens its connections with `connect`. The first call opens the first
    /// one.
    ///
    /// `connect` gets the time that is left for connecting, which is never 0, or `None` without a
    /// limit. It blocks the call that needs the connection, so it must keep to that time, a
    /// handshake included, and return an error of the kind `TimedOut` after it; one without a text
    /// becomes an [`Error::Deadline`](crate::Error::Deadline). Errors of the kinds that a server
    /// causes while it restarts (`ConnectionRefused`, `ConnectionReset`,
    /// `ConnectionAborted`, `NotFound`) are [retried](ClientConfig::reconnect_attempts). Each error
    /// names `address`, so `connect` need not do that.
    ///
    /// ```
    /// use std::net::{SocketAddr, TcpStream};
    ///
    /// use rpc_core::{Client, ClientConfig};
    ///
    /// let hidden = SocketAddr::from(([127, 0, 0, 1], 7411));
    /// let connect = move |left| match left {
    ///     Some(left) => TcpStream::connect_timeout(&hidden, left),
    ///     None => TcpStream::connect(hidden),
    /// };
    /// let client = Client::with_connector("the vault", connect, ClientConfig::default());
    /// # drop(client);
    /// ```
    pub fn with_connector<T, F>(address: impl fmt::Display, connect: F, config: ClientConfig) -> Client
    where
        T: Transport,
        F: Fn(Option<Duration>) -> io::Result<T> + Send + Sync + 'static,
    {
        let address = Address::Other(address.to_string());
        let connector = connector_by(address, move |_, limit, _| connect(limit)?.into_parts());
        Client::of_pool(Arc::new(Pool::new(connector, config)))
    }

    fn of_pool(pool: Arc<Pool>) -> Client {
        let sharing = Sharing::new(pool.config.shared_connections);
        Client { pool, sharing, options: Arc::default(), service: None }
    }

    /// Returns this client, whose calls are reported as those of a service.
    #[doc(hidden)]
    #[must_use]
    pub fn of_service(self, name: &'static str) -> Client {
        Client { service: Some(name), ..self }
    }

    /// Returns a client over the same connections whose calls have these options, and those of this
    /// client that they do not set.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Client {
        Client { options: Arc::new(self.options.and(options)), ..self.clone() }
    }

    /// Begins a call of an endpoint.
    pub fn call<'e>(&self, endpoint: &'e str) -> CallBuilder<'static, 'e> {
        CallBuilder::new(self.clone(), endpoint)
    }

    /// Makes many calls of an endpoint at once, each with one of `arguments` as JSON. Requests are
    /// sent together, without waiting for the replies to earlier ones, and the replies are read in
    /// order. This works with any server, including original ones. The server runs the calls one
    /// after the other, so this saves round trips, not work.
    ///
    /// Each item is one call's result. The iterator keeps its connection until it has ended or is
    /// dropped. If the server refuses the connection, each call in flight gets that refusal.
    ///
    /// ```
    /// # use rpc_core::{Call, Client, Contract, Contracts, Dispatch, Served, Server};
    /// # #[derive(Clone)]
    /// # struct Doubler;
    /// # impl Dispatch for Doubler {
    /// #     fn contracts(&self) -> Contracts {
    /// #         const { &Contract::new("Doubler") }.into()
    /// #     }
    /// #     fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
    /// #         call.takes_json().returns_json(|number: u32| Ok::<_, rpc_core::Error>(number * 2))
    /// #     }
    /// # }
    /// # let server = Server::bind("tcp://127.0.0.1:0")?.spawn(Doubler)?;
    /// let client = Client::connect(server.address())?;
    /// let doubled: Vec<u32> = client.pipeline("double", 0..1000)?.collect::<Result<_, _>>()?;
    /// assert_eq!(doubled[999], 1998);
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    ///
    /// For methods with several parameters, see [`Pipeline::named`].
    ///
    /// # Errors
    /// Any [`Error`](crate::Error) if no connection is available, [`Error::Deadline`] if the calls
    /// may take no time. The error of a single call is its item.
    ///
    /// [`Error::Deadline`]: crate::Error::Deadline
    pub fn pipeline<I, T>(&self, endpoint: &str, arguments: I) -> Result<Pipeline<'static, I::IntoIter, T>>
    where
        I: IntoIterator,
        I::Item: Serialize,
        T: DeserializeOwned,
    {
        let settings = &self.pool.config.settings;
        let deadline = self.options.deadline(settings.reply_timeout);
        deadline.check(deadline.begun)?;
        let mut lease = Lease::acquire(&self.pool, deadline, Freshness::Any)?;
        lease.begin(deadline, self.options.stall_limit(settings.stall_timeout));
        Ok(Pipeline::new(self, lease, endpoint, arguments.into_iter()))
    }

    /// Closes the idle connections, and blocks until the handshake of each has ended. Clones of
    /// this client can make no more calls; open streams can still be read to their end.
    ///
    /// # Errors
    /// Any [`Error`](crate::Error) if a handshake fails: the error of the first that does. Nothing
    /// that happens after the server's acknowledgement is an error.
    pub fn close(self) -> Result<()> {
        self.pool.close().map(drop)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.pool.config).finish_non_exhaustive()
    }
}
