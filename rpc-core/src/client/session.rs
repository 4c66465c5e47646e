//! One connection, for services whose handler remembers its caller.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::error::{Misuse, Result};
use crate::transport::{Address, ToAddress, Transport};

use super::call::CallBuilder;
use super::config::ClientConfig;
use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::opening::{connector, open_once, parts_of};
use super::options::CallOptions;
use super::pipeline::Pipeline;
use super::session_connection::SessionConnection;

/// A client of one connection, which is never replaced: the server keeps one handler for it. One call at a time, which the
/// compiler checks: a call borrows the session until its stream is dropped.
///
/// Behind a failure that costs the connection, each call is [`Misuse::Closed`]. Dropping a session asks the server to
/// close, without waiting for its answer.
pub struct Session {
    connection: SessionConnection,
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
        Session::connect_to(address.to_address()?, config)
    }

    fn connect_to(address: Address, config: ClientConfig) -> Result<Session> {
        let connection = open_once(&connector(address, &config), &config, Deadline::none())?;
        Ok(Session::new(connection, config))
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
        let connection = ClientConnection::new(parts_of(transport)?, config.clone());
        Ok(Session::new(Box::new(connection), config))
    }

    fn new(connection: Box<ClientConnection>, config: ClientConfig) -> Session {
        let connection = SessionConnection { present: Some(connection), config };
        Session { connection, options: Arc::default() }
    }

    /// Sets what the calls from now on carry, and how long each may take.
    pub fn set_options(&mut self, options: CallOptions) {
        self.options = Arc::new(options);
    }

    /// Begins a call of an endpoint.
    pub fn call<'s, 'e>(&'s mut self, endpoint: &'e str) -> CallBuilder<'s, 'e> {
        CallBuilder::in_session(&mut self.connection, endpoint, Arc::clone(&self.options))
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
        Ok(Pipeline::new(self.connection.lease(Instant::now())?, endpoint, options, arguments.into_iter()))
    }

    /// Does the Close handshake.
    ///
    /// # Errors
    /// [`Misuse::Closed`] where an earlier failure has ended the session; a failure before the server's acknowledgement.
    pub fn close(mut self) -> Result<()> {
        self.connection.present.take().ok_or(Misuse::Closed)?.close()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.present.take() {
            connection.leave();
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("open", &self.connection.present.is_some())
            .field("config", &self.connection.config)
            .finish_non_exhaustive()
    }
}
