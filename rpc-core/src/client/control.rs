//! Requests that call no method, for users: what a server speaks.

use crate::connection::PING;
use crate::error::Result;
use crate::message::{DataType, Metadata};

use super::Client;
use super::call::call_on;
use super::lease::Lease;
use super::pool::Freshness;
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
