//! Requests that call no method, for users: what a server speaks and offers.

use serde_core::de::DeserializeOwned;

use crate::connection::{DESCRIBE, PING};
use crate::error::Result;
use crate::message::{DataType, Metadata, json};

use super::Client;
use super::call::call_on;
use super::lease::Lease;
use super::pool::Freshness;
use super::reply::of_endpoint;
use super::request::Request;
use super::sending::refuses_ping;

impl Client {
    /// Asks the server which revision of the protocol it speaks, and blocks until it has answered:
    /// 1 for a server of this library, 0 for an original one, which does not know the question and
    /// says so. No handler runs, and no check around the handlers.
    ///
    /// It takes a connection of the pool and has the time of a call. An observer hears of the
    /// connection, not of a call.
    ///
    /// # Errors
    /// Any [`Error`](crate::Error) if the server cannot be reached, does not answer in time or
    /// refuses the connection.
    ///
    /// ```
    /// # use rpc_core::{Client, Result, Server, rpc_service};
    /// # #[rpc_service]
    /// # trait Nothing {}
    /// # struct Handler;
    /// # impl Nothing for Handler {}
    /// # let server = Server::bind("tcp://127.0.0.1:0")?.spawn(NothingServer::new(Handler))?;
    /// let client = Client::connect(server.address())?;
    /// assert_eq!(client.ping()?, 1);
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    pub fn ping(&self) -> Result<u32> {
        let (mut lease, answer) = self.control(PING, DataType::Control)?;
        match answer {
            Err(error) if !refuses_ping(&error) => Err(error),
            _ => Ok(lease.connection().revision.unwrap_or(0)),
        }
    }

    /// Asks the server what it offers, and blocks until it has answered: its services and their
    /// methods, as JSON. `PROTOCOL.md` specifies the format; a `T` that ignores fields that it does
    /// not know can read what later versions add. Otherwise as [`ping`](Client::ping).
    ///
    /// What it says is the server's claim. It may be wrong, and refer to itself without an end.
    ///
    /// # Errors
    /// [`Error::Remote`](crate::Error::Remote) if the server does not tell: by default none does
    /// ([`ServerConfig::describe`](crate::ServerConfig::describe)).
    /// [`Error::Protocol`](crate::Error::Protocol) if the reply is not a `T`,
    /// [`Error::Limit`](crate::Error::Limit) if it has more bytes than
    /// [`max_json_len`](crate::ClientConfig::max_json_len). Any other [`Error`](crate::Error) if
    /// the request fails.
    ///
    /// ```
    /// # use rpc_core::{Client, Result, Server, ServerConfig, rpc_service};
    /// # #[rpc_service]
    /// # trait Depot { fn size(&self) -> Result<u64>; }
    /// # struct Handler;
    /// # impl Depot for Handler { fn size(&self) -> Result<u64> { Ok(42) } }
    /// let config = ServerConfig::default().describe(true);
    /// let server = Server::bind_with("tcp://127.0.0.1:0", config)?.spawn(DepotServer::new(Handler))?;
    /// let client = Client::connect(server.address())?;
    /// let description: serde_json::Value = client.describe()?;
    /// assert_eq!(description["services"][0]["methods"][0]["name"], "size");
    /// # Ok::<(), rpc_core::Error>(())
    /// ```
    pub fn describe<T: DeserializeOwned>(&self) -> Result<T> {
        let (mut lease, answer) = self.control(DESCRIBE, DataType::MarshaledJson)?;
        answer?;
        let described = lease.connection().decode_json(json::decode);
        described.map_err(|error| of_endpoint(error, DESCRIBE))
    }

    /// Makes a request of a control endpoint. Returns its connection and its outcome.
    fn control(&self, endpoint: &str, accept: DataType) -> Result<(Lease, Result<()>)> {
        let (pool, metadata) = (&self.pool, Metadata::default());
        let deadline = self.options.deadline(pool.config.settings.reply_timeout);
        deadline.check(deadline.begun)?;
        let mut lease = Lease::acquire(pool, deadline, Freshness::Any)?;
        let outcome = call_on(&mut lease, pool, &mut Request::control(endpoint, accept, deadline, &metadata));
        Ok((lease, outcome))
    }
}
