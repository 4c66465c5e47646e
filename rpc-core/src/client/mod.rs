//! Clients: typed calls by endpoint name, over a pool of connections or over one.
//!
//! [`Client`] is what stands behind the generated client of a trait whose methods take `&self`, [`Session`] behind one
//! whose methods take `&mut self`. Both can be used without the macro.

mod call;
mod config;
mod connection;
mod deadline;
mod duplex;
mod in_flight;
mod lease;
mod opening;
mod options;
mod pipeline;
mod pool;
mod pump;
mod reply;
mod request;
mod sending;
mod session;
mod shared;

use std::fmt;
use std::sync::Arc;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::error::Result;
use crate::transport::{Address, ToAddress, Transport};

pub use call::CallBuilder;
pub use config::ClientConfig;
pub use options::CallOptions;
pub use pipeline::Pipeline;
pub use session::Session;

use lease::Lease;
use opening::{connector, parts_of};
use pool::{Freshness, Pool};
use shared::Sharing;

/// A client that may be shared: calls by endpoint name over a pool of connections.
///
/// Cloning is cheap and shares the pool. Any number of threads may call at once: a connection is opened whenever none is
/// idle, and a few idle ones are kept. A connection on which a stream is open belongs to that stream until it has been
/// read to its end or is dropped.
///
/// Calls block. How long they may, [`ClientConfig`] says; a failed one says whether it
/// [never ran](crate::Error::never_ran). Dropping the last clone asks the server to close, without waiting for its answer;
/// [`close`](Client::close) waits and reports.
///
/// ```
/// use rpc_core::{Call, Client, Contract, Dispatch, Served, Server};
///
/// # #[derive(Clone)]
/// struct Doubler;
///
/// impl Dispatch for Doubler {
///     fn contract(&self) -> &'static Contract {
///         const { &Contract::new("Doubler") }
///     }
///
///     fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
///         match call.endpoint() {
///             "double" => call.takes_json().returns_json(|number: u32| Ok::<_, rpc_core::Error>(number * 2)),
///             _ => call.unknown_endpoint(self.contract()),
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
}

impl Client {
    /// Connects to a server, with the default [`ClientConfig`].
    ///
    /// # Errors
    /// [`Misuse::Address`](crate::Misuse::Address), [`Error::Transport`](crate::Error::Transport), or
    /// [`Error::Deadline`](crate::Error::Deadline) after the connect limit.
    pub fn connect(address: impl ToAddress) -> Result<Client> {
        Client::connect_with(address, ClientConfig::default())
    }

    /// Connects to a server. The first connection is opened now, so that a wrong address is noticed; later ones as needed.
    ///
    /// # Errors
    /// As [`connect`](Client::connect).
    pub fn connect_with(address: impl ToAddress, config: ClientConfig) -> Result<Client> {
        Client::connect_to(address.to_address()?, config)
    }

    fn connect_to(address: Address, config: ClientConfig) -> Result<Client> {
        let client = Client::of_pool(Pool::new(connector(address, &config), config));
        client.pool.warm_up()?;
        Ok(client)
    }

    /// A client of a single connection that nothing can replace. While a stream is open on it, another call waits, or is
    /// [`Busy`](crate::Misuse::Busy) if it is this thread that holds the stream.
    ///
    /// # Errors
    /// Where the transport cannot be made ready.
    pub fn from_transport(transport: impl Transport) -> Result<Client> {
        Client::from_transport_with(transport, ClientConfig::default())
    }

    /// As [`from_transport`](Client::from_transport), with limits of your own. Those on the number of connections do not
    /// apply.
    ///
    /// # Errors
    /// Where the transport cannot be made ready.
    pub fn from_transport_with(transport: impl Transport, config: ClientConfig) -> Result<Client> {
        let parts = parts_of(transport)?;
        Ok(Client::of_pool(Pool::of_one(parts, config)))
    }

    /// A client that opens its connections with a function of yours; none is opened before the first call.
    pub fn with_connector<T, F>(connect: F, config: ClientConfig) -> Client
    where
        T: Transport,
        F: Fn() -> std::io::Result<T> + Send + Sync + 'static,
    {
        let connector = Box::new(move |_left| connect()?.into_parts());
        Client::of_pool(Pool::new(connector, config))
    }

    fn of_pool(pool: Pool) -> Client {
        let sharing = Sharing::new(pool.config.shared_connections);
        Client { pool: Arc::new(pool), sharing, options: Arc::default() }
    }

    /// A client over the same connections whose calls have these options.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Client {
        Client { options: Arc::new(options), ..self.clone() }
    }

    /// Begins a call of an endpoint.
    pub fn call<'e>(&self, endpoint: &'e str) -> CallBuilder<'static, 'e> {
        self.begin(endpoint)
    }

    fn begin<'s, 'e>(&self, endpoint: &'e str) -> CallBuilder<'s, 'e> {
        CallBuilder::new(Arc::clone(&self.pool), self.sharing.clone(), endpoint, Arc::clone(&self.options))
    }

    /// Calls an endpoint with JSON arguments, many at once: requests leave together, without waiting for the replies before
    /// them, which are read in order. It works towards any server, also an original one. The server answers one after the
    /// other, so this saves the way there and back, not the work.
    ///
    /// Each item is one call's result; the connection is this iterator's until it has ended or is dropped.
    ///
    /// ```
    /// # use rpc_core::{Call, Client, Contract, Dispatch, Served, Server};
    /// # #[derive(Clone)]
    /// # struct Doubler;
    /// # impl Dispatch for Doubler {
    /// #     fn contract(&self) -> &'static Contract {
    /// #         const { &Contract::new("Doubler") }
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
    /// # Errors
    /// Where no connection can be had. What concerns a single call is its item.
    pub fn pipeline<I, T>(&self, endpoint: &str, arguments: I) -> Result<Pipeline<'static, I::IntoIter, T>>
    where
        I: IntoIterator,
        I::Item: Serialize,
        T: DeserializeOwned,
    {
        let deadline = self.options.deadline(self.pool.config.reply_timeout);
        let mut lease = Lease::acquire(&self.pool, deadline, Freshness::Any)?;
        lease.note_stream();
        Ok(Pipeline::new(lease, endpoint, Arc::clone(&self.options), arguments.into_iter()))
    }

    /// Closes the idle connections with a handshake each, and waits for it. Clones of this client can make no more calls;
    /// streams that are open can be read to their end.
    ///
    /// # Errors
    /// The first failure of a handshake. What comes behind the server's acknowledgement is none.
    pub fn close(self) -> Result<()> {
        self.close_idle().map(drop)
    }

    /// Returns how many idle connections it closed.
    fn close_idle(self) -> Result<usize> {
        self.pool.close()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.pool.config).finish_non_exhaustive()
    }
}
