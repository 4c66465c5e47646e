//! One connection, for services whose handler remembers its caller.

use std::fmt;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::error::{Misuse, Result};
use crate::transport::{Parts, ToAddress, Transport};

use super::deadline::Deadline;
use super::opening::{connector, open_parts, parts_of};
use super::pool::Pool;
use super::{CallBuilder, CallOptions, Client, ClientConfig, Pipeline};

/// A client of one connection, which is never replaced: the server keeps one handler for it. One call at a time, which the
/// compiler checks: a call borrows the session until its stream is dropped.
///
/// After a failure that costs the connection, each call is [`Misuse::Closed`]. Dropping a session asks the server to close,
/// without waiting for its answer.
pub struct Session(Client);

impl Session {
    /// Connects to a server, with the default [`ClientConfig`].
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn connect(address: impl ToAddress) -> Result<Session> {
        Session::connect_with(address, ClientConfig::default())
    }

    /// Connects to a server.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn connect_with(address: impl ToAddress, config: ClientConfig) -> Result<Session> {
        let parts = open_parts(&connector(address.to_address()?, &config), &config, Deadline::none())?;
        Ok(Session::of_parts(parts, config))
    }

    /// A session over a transport that is connected already.
    ///
    /// # Errors
    /// If the transport cannot be made ready.
    pub fn from_transport(transport: impl Transport) -> Result<Session> {
        Session::from_transport_with(transport, ClientConfig::default())
    }

    /// A session over a transport that is connected already, with limits of your own.
    ///
    /// # Errors
    /// If the transport cannot be made ready.
    pub fn from_transport_with(transport: impl Transport, config: ClientConfig) -> Result<Session> {
        Ok(Session::of_parts(parts_of(transport)?, config))
    }

    fn of_parts(parts: Parts, config: ClientConfig) -> Session {
        Session(Client::of_pool(Pool::of_one(parts, config.shared_connections(0))))
    }

    /// Sets what the calls from now on carry, and how long each may take.
    pub fn set_options(&mut self, options: CallOptions) {
        self.0 = self.0.with_options(options);
    }

    /// Begins a call of an endpoint.
    pub fn call<'s, 'e>(&'s mut self, endpoint: &'e str) -> CallBuilder<'s, 'e> {
        self.0.begin(endpoint)
    }

    /// Calls an endpoint with JSON arguments, many at once; see [`Client::pipeline`].
    ///
    /// # Errors
    /// [`Misuse::Closed`] if an earlier failure has ended the session. What concerns a single call is its item.
    pub fn pipeline<'s, I, T>(&'s mut self, endpoint: &str, arguments: I) -> Result<Pipeline<'s, I::IntoIter, T>>
    where
        I: IntoIterator,
        I::Item: Serialize,
        T: DeserializeOwned,
    {
        self.0.pipeline(endpoint, arguments)
    }

    /// Does the Close handshake.
    ///
    /// # Errors
    /// [`Misuse::Closed`] if an earlier failure has ended the session; a failure before the server's acknowledgement.
    pub fn close(self) -> Result<()> {
        match self.0.close_idle()? {
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
