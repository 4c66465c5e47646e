//! One connection, for services whose handler remembers its caller.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::error::{Misuse, Result};
use crate::transport::{Address, Parts, ToAddress, Transport};

use super::connection::ClientConnection;
use super::lease::Lease;
use super::pool::connecting_failed;
use super::{CallOptions, ClientConfig, Outgoing, Pipeline, open, ready};

/// A client of one connection, which is never replaced: the server keeps one handler for it. One call at a time, which the
/// compiler checks: a call borrows the session until its stream is dropped.
///
/// Behind a failure that costs the connection, each call is [`Misuse::Closed`]. Dropping a session asks the server to
/// close, without waiting for its answer.
pub struct Session {
    connection: Option<Box<ClientConnection>>,
    config: ClientConfig,
    options: Arc<CallOptions>,
}

impl Session {
    /// Connects to a server, with the default [`ClientConfig`].
    ///
    /// # Errors
    /// As [`Client::connect`](super::Client::connect).
    pub fn connect(address: impl ToAddress) -> Result<Session> {
        Session::connect_with(address, ClientConfig::default())
    }

    /// Connects to a server.
    ///
    /// # Errors
    /// As [`Client::connect`](super::Client::connect).
    pub fn connect_with(address: impl ToAddress, config: ClientConfig) -> Result<Session> {
        Session::connect_to(&address.to_address()?, config)
    }

    fn connect_to(address: &Address, config: ClientConfig) -> Result<Session> {
        let limit = config.connect_timeout;
        let parts = open(address, limit).map_err(|error| connecting_failed(error, limit))?;
        Ok(Session::of_parts(parts, config))
    }

    /// A session over a transport that is connected already.
    ///
    /// # Errors
    /// Where the transport cannot be made ready.
    pub fn from_transport(transport: impl Transport) -> Result<Session> {
        Session::from_transport_with(transport, ClientConfig::default())
    }

    /// As [`from_transport`](Session::from_transport), with limits of your own.
    ///
    /// # Errors
    /// Where the transport cannot be made ready.
    pub fn from_transport_with(transport: impl Transport, config: ClientConfig) -> Result<Session> {
        Ok(Session::of_parts(ready(transport)?, config))
    }

    fn of_parts(parts: Parts, config: ClientConfig) -> Session {
        Session {
            connection: Some(Box::new(ClientConnection::new(parts, config.clone()))),
            config,
            options: Arc::default(),
        }
    }

    /// Sets what the calls from now on carry, and how long each may take.
    pub fn set_options(&mut self, options: CallOptions) {
        self.options = Arc::new(options);
    }

    /// Begins a call of an endpoint.
    pub fn call<'s, 'e>(&'s mut self, endpoint: &'e str) -> Outgoing<'s, 'e> {
        let options = Arc::clone(&self.options);
        Outgoing::in_session(self, endpoint, options)
    }

    /// Calls an endpoint with JSON arguments, many at once; see [`Client::pipeline`](super::Client::pipeline).
    ///
    /// # Errors
    /// [`Misuse::Closed`] where an earlier failure has ended the session. What concerns a single call is its item.
    pub fn pipeline<I, T>(&mut self, endpoint: &str, arguments: I) -> Result<Pipeline<'_, I::IntoIter, T>>
    where
        I: IntoIterator,
        I::Item: Serialize,
        T: DeserializeOwned,
    {
        let options = Arc::clone(&self.options);
        Ok(Pipeline::new(self.lease(Instant::now())?, endpoint, options, arguments.into_iter()))
    }

    /// Does the Close handshake.
    ///
    /// # Errors
    /// [`Misuse::Closed`] where an earlier failure has ended the session; a failure before the server's acknowledgement.
    pub fn close(mut self) -> Result<()> {
        self.connection.take().ok_or(Misuse::Closed)?.close()
    }

    pub(super) fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// The connection for a new call, if nothing has come since the last one.
    pub(super) fn lease(&mut self, now: Instant) -> Result<Lease<'_>> {
        let connection = self.connection.as_mut().ok_or(Misuse::Closed)?;
        if let Err(error) = connection.check_idle(now) {
            self.connection = None;
            return Err(error);
        }
        Ok(Lease::of_session(&mut self.connection))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.leave();
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("open", &self.connection.is_some())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
