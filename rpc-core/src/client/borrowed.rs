//! A connection of the pool's in the hands of a call or a stream.

use std::sync::Arc;

use crate::error::Result;

use super::options::Deadline;
use super::pool::{Pool, Ticket};
use super::wire::Wire;

/// A connection that is in use; it goes back when this is dropped.
pub(crate) struct Borrowed {
    wire: Option<Box<Wire>>,
    ticket: Ticket,
    pool: Arc<Pool>,
}

impl Borrowed {
    /// A connection, and whether it is a new one.
    pub(crate) fn new(pool: Arc<Pool>, deadline: Deadline) -> Result<(Borrowed, bool)> {
        let (wire, ticket, fresh) = pool.acquire(deadline, false)?;
        Ok((Borrowed { wire: Some(wire), ticket, pool }, fresh))
    }

    /// A new connection.
    pub(crate) fn fresh(pool: Arc<Pool>, deadline: Deadline) -> Result<Borrowed> {
        let (wire, ticket, _) = pool.acquire(deadline, true)?;
        Ok(Borrowed { wire: Some(wire), ticket, pool })
    }

    pub(crate) fn wire(&mut self) -> &mut Wire {
        self.wire.as_mut().expect("it is given back by drop only")
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

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.pool.release(wire, &self.ticket);
        }
    }
}
