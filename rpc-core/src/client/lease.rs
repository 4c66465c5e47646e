//! A connection of the pool's in the hands of a call or a stream.

use std::sync::Arc;

use crate::error::Result;

use super::connection::ClientConnection;
use super::options::Deadline;
use super::pool::{Pool, Ticket};

/// A connection that is in use; it goes back when this is dropped.
pub(crate) struct Lease {
    connection: Option<Box<ClientConnection>>,
    ticket: Ticket,
    pool: Arc<Pool>,
}

impl Lease {
    /// A connection, and whether it is a new one.
    pub(crate) fn new(pool: Arc<Pool>, deadline: Deadline) -> Result<(Lease, bool)> {
        let (connection, ticket, fresh) = pool.acquire(deadline, false)?;
        Ok((Lease { connection: Some(connection), ticket, pool }, fresh))
    }

    /// A new connection.
    pub(crate) fn fresh(pool: Arc<Pool>, deadline: Deadline) -> Result<Lease> {
        let (connection, ticket, _) = pool.acquire(deadline, true)?;
        Ok(Lease { connection: Some(connection), ticket, pool })
    }

    pub(crate) fn connection(&mut self) -> &mut ClientConnection {
        self.connection.as_mut().expect("it is given back by drop only")
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    pub(crate) fn becomes_stream(&self) {
        self.pool.note_stream(&self.ticket);
    }

    pub(crate) fn touch(&mut self) {
        self.pool.touch(&mut self.ticket);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.release(connection, &self.ticket);
        }
    }
}
