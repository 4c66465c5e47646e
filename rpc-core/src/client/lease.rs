//! A connection in use.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Fate, Operation, Result};
use crate::message::DataType;
use crate::observe::Ended;
use crate::transport::Wake;

use super::cancelling::Armed;
use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::pool::{Freshness, Holder, Pool};
use super::repeats::Connection;
use super::request::Request;
use super::watched::WatchedCall;

/// A connection that a call or a stream uses. When the lease is dropped, the rest of the reply is
/// abandoned, and the connection goes back to its pool or is closed.
pub(super) struct Lease {
    /// `None` while it is being opened, if that has failed, and at the end of the drop.
    connection: Option<Box<ClientConnection>>,
    holder: Holder,
    /// The call, if it has the connection to itself and somebody wants to know about it.
    watched: Option<Box<WatchedCall>>,
    /// Aborts the connection if the call is cancelled.
    armed: Option<Armed>,
    pub(super) pool: Arc<Pool>,
    /// Whether the connection has not served a call before.
    pub(super) is_new: bool,
}

impl Lease {
    /// Takes an idle connection, opens a new one, or waits until one is free.
    pub(super) fn acquire(pool: &Arc<Pool>, deadline: Deadline<'_>, freshness: Freshness) -> Result<Lease> {
        let mut waited = None;
        let _registered = deadline.token.map(|token| token.register(Arc::clone(pool) as Arc<dyn Wake>));
        let acquired = Lease::acquire_or_wait(pool, deadline, freshness, &mut waited);
        if let Some(waited) = waited {
            pool.config.settings.observer.tell(|observer| observer.pool_waited(waited));
        }
        acquired
    }

    fn acquire_or_wait(
        pool: &Arc<Pool>,
        deadline: Deadline<'_>,
        freshness: Freshness,
        waited: &mut Option<Duration>,
    ) -> Result<Lease> {
        let mut state = pool.lock();
        loop {
            pool.check_open()?;
            let freshness = if pool.is_better_elsewhere(&state, deadline.begun) { Freshness::New } else { freshness };
            if freshness == Freshness::New
                && let Some(surplus) = pool.surplus(&mut state)
            {
                drop(state);
                drop(surplus);
                state = pool.lock();
                continue;
            }
            while freshness == Freshness::Any
                && let Some(connection) = state.take_idle(pool.has_places, deadline.begun)
            {
                let mut lease = Lease::new(pool, state.hold(), Some(connection));
                // checking it may cost a system call, and no other thread should wait for that
                drop(state);
                match lease.connection().check_idle(deadline.begun) {
                    Ok(()) if !lease.connection().is_too_old() => return Ok(lease),
                    Ok(()) => {}
                    Err(error) => {
                        if !pool.can_reconnect() {
                            return Err(error);
                        }
                        tracing::debug!(%error, "replacing an idle connection");
                    }
                }
                // that it has ended says nothing of its place
                lease.connection().stay = None;
                drop(lease);
                state = pool.lock();
            }
            if pool.has_room(&state) {
                let mut lease = Lease::new(pool, state.hold(), None);
                drop(state);
                lease.connection = Some(pool.open(deadline)?);
                return Ok(lease);
            }
            state = pool.wait(state, deadline, waited)?;
        }
    }

    fn new(pool: &Arc<Pool>, holder: Holder, connection: Option<Box<ClientConnection>>) -> Lease {
        let pool = Arc::clone(pool);
        Lease { is_new: connection.is_none(), connection, holder, watched: None, armed: None, pool }
    }

    /// Gives the connection to a call: its stall limit holds, and its token ends it.
    pub(super) fn begin(&mut self, deadline: Deadline<'_>, stall_limit: Option<Duration>) {
        let connection = self.connection();
        connection.stall_limit = stall_limit;
        if let Some(token) = deadline.token {
            connection.set_token(Some(token.clone()));
            let armed = connection.control.as_ref().map(|control| Armed::new(token, control));
            self.armed = armed;
        }
    }

    /// Makes the call's token forget the connection.
    fn release(&mut self) {
        self.disarm();
        self.connection.iter_mut().for_each(|connection| connection.set_token(None));
    }

    /// Makes the call's token abort the connection no more.
    fn disarm(&mut self) {
        let aborted = self.armed.take().is_some_and(Armed::release);
        if aborted {
            self.connection.iter_mut().for_each(|connection| connection.give_up());
        }
    }

    /// Leaves the rest of the call to its stream, which the token cancels politely if the transport
    /// can wait for it.
    pub(super) fn become_stream(&mut self) {
        if self.connection().can_await_token() {
            self.disarm();
        }
    }

    /// Returns what the caller gets instead of this error: if the token has cancelled the call,
    /// that is why it failed. If there are several places, it names the one that has failed.
    pub(super) fn or_cancelled(&mut self, error: Error) -> Error {
        if !self.connection().is_cancelled() {
            return match &self.connection().stay {
                Some(stay) => error.of_place(&stay.place),
                None => error,
            };
        }
        self.disarm();
        let fate = error.fate();
        let fate = Fate { connection_usable: fate.connection_usable && !self.connection().is_broken(), ..fate };
        match error {
            Error::Transport { operation, .. } | Error::Deadline { operation, .. } => {
                self.connection().was_cancelled();
                Error::Cancelled { operation, fate }
            }
            // it may be a stream that the same token cancels
            Error::Source { .. } => Error::Cancelled { operation: Operation::Sending, fate },
            other => other.with_fate(fate),
        }
    }

    /// Returns whether the connection has served calls before.
    pub(super) fn connection_used(&self) -> Connection {
        if self.is_new { Connection::New } else { Connection::Used }
    }

    /// Makes a call on the connection, up to the reply's header or the end of its JSON.
    pub(super) fn call(&mut self, request: &mut Request<'_, '_>) -> Result<()> {
        let was_idle = !self.is_new;
        self.watched = self.watched.take().or_else(|| request.watched.take());
        if let (Some(watched), Some(connection)) = (&mut self.watched, &mut self.connection) {
            watched.connected(connection);
        }
        self.begin(request.deadline, request.stall_limit);
        let connection = self.connection();
        let called = connection.call(request).and_then(|body| match request.accept {
            DataType::Octets => Ok(()),
            _ => connection.read_json(body, request.deadline.limit),
        });
        let outcome = called.map_err(|error| self.or_cancelled(error));
        outcome.inspect_err(|error| {
            if was_idle && error.was_lost() {
                self.connection().was_ended(Ended::HungUp);
            }
        })
    }

    /// Replaces the connection, which has ended, by a new one, so that the call can be repeated.
    /// The call keeps its room in the pool, so this does not wait for others.
    pub(super) fn renew(&mut self, deadline: Deadline<'_>) -> Result<()> {
        self.pool.check_open()?;
        self.count();
        self.release();
        if let Some(ended) = self.connection.take() {
            ended.judge_place();
        }
        self.connection = Some(self.pool.open(deadline)?);
        self.is_new = true;
        Ok(())
    }

    /// Notes the error that the caller gets.
    pub(super) fn failed(&mut self, error: &Error) {
        if let Some(watched) = &mut self.watched {
            watched.failed(error);
        }
    }

    /// Counts what the call has sent and received on the connection.
    fn count(&mut self) {
        if let (Some(watched), Some(connection)) = (&mut self.watched, &self.connection) {
            watched.seen.sent(connection.turn_traffic().sent);
            watched.seen.received(connection);
        }
    }

    pub(super) fn connection(&mut self) -> &mut ClientConnection {
        self.connection.as_mut().expect("a lease has a connection until it is dropped")
    }

    /// Notes that this thread holds the connection.
    pub(super) fn note_thread(&mut self) {
        self.pool.note_thread(&mut self.holder);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // the observer's code may need a connection, and must not wait for this one
        self.note_thread();
        self.release();
        if let (Some(watched), Some(connection)) = (&mut self.watched, &self.connection) {
            watched.streams_ended(connection);
        }
        self.connection.iter_mut().for_each(|connection| connection.abandon());
        self.count();
        drop(self.watched.take());
        self.pool.put_back(self.connection.take(), self.holder);
    }
}
