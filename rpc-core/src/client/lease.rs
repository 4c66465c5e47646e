//! A connection in use, wherever it came from.

use std::sync::Arc;

use crate::error::Result;

use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::pool::{Pool, Ticket};

/// A connection that a call or a stream uses. When it is dropped, what is left of the reply is let
/// go of, and the connection goes where it came from, or is closed.
pub(crate) struct Lease<'s>(Origin<'s>);

enum Origin<'s> {
    Pool(Pooled),
    /// A session's only connection, which is there.
    Session(&'s mut Option<Box<ClientConnection>>),
}

struct Pooled {
    connection: Option<Box<ClientConnection>>,
    ticket: Ticket,
    pool: Arc<Pool>,
}

impl<'s> Lease<'s> {
    /// A connection of a pool's, and whether it is a new one.
    pub(super) fn of_pool(pool: Arc<Pool>, deadline: Deadline) -> Result<(Lease<'static>, bool)> {
        Lease::acquire(pool, deadline, false)
    }

    /// A new connection of a pool's.
    pub(super) fn new_of_pool(pool: Arc<Pool>, deadline: Deadline) -> Result<Lease<'static>> {
        Lease::acquire(pool, deadline, true).map(|(lease, _)| lease)
    }

    fn acquire(pool: Arc<Pool>, deadline: Deadline, only_new: bool) -> Result<(Lease<'static>, bool)> {
        let (connection, ticket, is_new) = pool.acquire(deadline, only_new)?;
        Ok((Lease(Origin::Pool(Pooled { connection: Some(connection), ticket, pool })), is_new))
    }

    /// A session's connection. If it is out of step afterwards, the session has none any more.
    pub(super) fn of_session(connection: &'s mut Option<Box<ClientConnection>>) -> Lease<'s> {
        Lease(Origin::Session(connection))
    }

    pub(super) fn connection(&mut self) -> &mut ClientConnection {
        let connection = match &mut self.0 {
            Origin::Pool(pooled) => &mut pooled.connection,
            Origin::Session(connection) => connection,
        };
        connection.as_mut().expect("drop alone takes it away")
    }

    /// From here on a stream holds the connection, which the caller has to end.
    pub(super) fn becomes_stream(&self) {
        if let Origin::Pool(Pooled { ticket, pool, .. }) = &self.0 {
            pool.note_stream(ticket);
        }
    }

    /// Notes which thread has the stream.
    pub(super) fn touch(&mut self) {
        if let Origin::Pool(Pooled { ticket, pool, .. }) = &mut self.0 {
            pool.touch(ticket);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.connection().abandon();
        match &mut self.0 {
            Origin::Pool(Pooled { connection, ticket, pool }) => {
                if let Some(connection) = connection.take() {
                    pool.release(connection, ticket);
                }
            }
            Origin::Session(connection) => match connection {
                Some(connection) if connection.reusable() => connection.rest(),
                _ => **connection = None,
            },
        }
    }
}
