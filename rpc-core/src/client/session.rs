//! One connection, for services whose handler remembers its caller.

use std::fmt;
use std::sync::Arc;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::error::{Misuse, Result};
use crate::transport::{Parts, ToAddress, Transport};

use super::deadline::Deadline;
use super::opening::{connector, open_once, parts_of};
use super::pool::{Pool, prepared};
use super::{CallBuilder, CallOptions, Client, ClientConfig, Pipeline};

/// A client of one connection, which is never replaced, because the server keeps one handler for
/// it. It makes one call at a time, which the compiler checks: a call borrows the session until its
/// stream is dropped.
///
/// Calls block, within the limits that [`ClientConfig`] sets. After a failure that breaks the
/// connection, each call fails with [`Misuse::Closed`]. Dropping a session asks the server to
/// close, without waiting for its answer.
///
/// The generated client of a trait with `&mut self` holds a session or borrows one, so clients of
/// several traits can take turns on it:
///
/// ```
/// # use rpc_core::{CallOptions, Result, Server, Session, rpc_service};
/// #[rpc_service]
/// trait Counter {
///     fn next(&mut self) -> Result<u32>;
/// }
///
/// #[rpc_service]
/// trait Greeter {
///     fn greet(&mut self, name: &str) -> Result<String>;
/// }
/// #
/// # #[derive(Clone)]
/// # struct Handler(u32);
/// #
/// # impl Counter for Handler {
/// #     fn next(&mut self) -> Result<u32> {
/// #         self.0 += 1;
/// #         Ok(self.0)
/// #     }
/// # }
/// #
/// # impl Greeter for Handler {
/// #     fn greet(&mut self, name: &str) -> Result<String> {
/// #         Ok(format!("hello, {name}"))
/// #     }
/// # }
///
/// # let services = (CounterServer::new(Handler(0)), GreeterServer::new(Handler(0)));
/// # let server = Server::bind("tcp://127.0.0.1:0")?.spawn(services)?;
/// let mut session = Session::connect(server.address())?;
/// let mut counter = CounterClient::new(&mut session);
/// assert_eq!((counter.next()?, counter.next()?), (1, 2));
/// assert_eq!(GreeterClient::new(&mut session).greet("ann")?, "hello, ann");
/// assert_eq!(CounterClient::new(&mut session).next()?, 3);
/// # Ok::<(), rpc_core::Error>(())
/// ```
pub struct Session(Client);

impl Session {
    /// Connects to a server, or to any of several, with the default [`ClientConfig`]. Blocks until
    /// connected.
    ///
    /// # Errors
    /// [`Misuse::Address`] if the address is invalid, [`Error::Transport`](crate::Error::Transport)
    /// if connecting fails, [`Error::Deadline`](crate::Error::Deadline) if it takes longer than the
    /// connect limit.
    pub fn connect(address: impl ToAddress) -> Result<Session> {
        Session::connect_with(address, ClientConfig::default())
    }

    /// Connects to a server, or to any of several. Blocks until connected.
    ///
    /// # Errors
    /// [`Misuse::Address`] if the address is invalid, [`Error::Transport`](crate::Error::Transport)
    /// if connecting fails, [`Error::Deadline`](crate::Error::Deadline) if it takes longer than the
    /// connect limit.
    pub fn connect_with(address: impl ToAddress, config: ClientConfig) -> Result<Session> {
        let (parts, _) = open_once(&connector(address.to_address()?), &config, Deadline::none())?;
        Session::of_parts(parts, config)
    }

    /// Creates a session over a connected transport, with the default [`ClientConfig`].
    ///
    /// # Errors
    /// [`Error::Transport`](crate::Error::Transport) if the transport cannot be prepared.
    pub fn from_transport(transport: impl Transport) -> Result<Session> {
        Session::from_transport_with(transport, ClientConfig::default())
    }

    /// Creates a session over a connected transport, with settings of your own.
    ///
    /// # Errors
    /// [`Error::Transport`](crate::Error::Transport) if the transport cannot be prepared.
    pub fn from_transport_with(transport: impl Transport, config: ClientConfig) -> Result<Session> {
        Session::of_parts(parts_of(transport)?, config)
    }

    pub(super) fn of_parts(parts: Parts, config: ClientConfig) -> Result<Session> {
        let connection = prepared(parts, &config, Deadline::none()).map_err(|unprepared| unprepared.error)?;
        Ok(Session::of_pool(Arc::new(Pool::of_one(connection, config.shared_connections(0)))))
    }

    /// Creates a session over the only connection of a pool.
    pub(super) fn of_pool(pool: Arc<Pool>) -> Session {
        Session(Client::of_pool(pool))
    }

    /// Has the calls from now on reported as those of a service.
    #[doc(hidden)]
    pub fn set_service(&mut self, name: &'static str) {
        self.0.service = Some(name);
    }

    /// Sets options of the calls from now on. Those that are set already and not in `options` stay.
    pub fn set_options(&mut self, options: CallOptions) {
        self.0 = self.0.with_options(options);
    }

    /// Begins a call of an endpoint.
    pub fn call<'s, 'e>(&'s mut self, endpoint: &'e str) -> CallBuilder<'s, 'e> {
        CallBuilder::new(self.0.clone(), endpoint)
    }

    /// Makes many calls of an endpoint at once, each with one of `arguments` as JSON; see
    /// [`Client::pipeline`].
    ///
    /// # Errors
    /// [`Misuse::Closed`] if an earlier failure has ended the session. The error of a single call
    /// is its item.
    pub fn pipeline<'s, I, T>(&'s mut self, endpoint: &str, arguments: I) -> Result<Pipeline<'s, I::IntoIter, T>>
    where
        I: IntoIterator,
        I::Item: Serialize,
        T: DeserializeOwned,
    {
        self.0.pipeline(endpoint, arguments)
    }

    /// Closes the connection, and blocks until the handshake has ended.
    ///
    /// # Errors
    /// [`Misuse::Closed`] if an earlier failure has ended the session. Any other
    /// [`Error`](crate::Error) if the handshake fails before the server's acknowledgement.
    pub fn close(self) -> Result<()> {
        match self.0.pool.close()? {
            0 => Err(Misuse::Closed.into()),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&self.0).finish()
    }
}
