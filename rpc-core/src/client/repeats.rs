//! Which failed calls are repeated.

use std::io;

use crate::error::{Error, Fate, Operation};

use super::pool::Pool;

/// The attempts of one call.
pub(super) struct Repeats<'p> {
    pool: &'p Pool,
    /// How many there were besides the first.
    count: usize,
    /// How many there may be even if there are fewer places.
    least: usize,
    /// Whether the call does no harm if it runs twice.
    idempotent: bool,
    /// Whether an attempt may have run.
    may_have_run: bool,
}

/// What a failed attempt says of its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    /// It had served calls before, and may have ended unnoticed.
    Used,
    New,
}

impl<'p> Repeats<'p> {
    /// Begins a call, which is repeated once for each place, or `least` times if that is more.
    pub(super) fn new(pool: &'p Pool, idempotent: bool, least: usize) -> Repeats<'p> {
        Repeats { pool, count: 0, least, idempotent, may_have_run: false }
    }

    /// Returns whether the call, of which an attempt has failed, is to be made again on another
    /// connection:
    ///
    /// - if a connection had ended when it was idle, which says nothing of its server;
    /// - if the call never ran and there are other places, or if it may run twice; of such
    ///   repetitions there is a budget.
    ///
    /// An answer is final, and so is the end of the call's time.
    pub(super) fn allow(&mut self, error: &Error, connection: Connection) -> bool {
        self.may_have_run |= !error.never_ran();
        let places = self.pool.places();
        if !self.pool.can_reconnect() || error.connection_usable() || self.count >= places.max(self.least) {
            return false;
        }
        let (lost, refused) = (matches!(error, Error::Transport { .. }), error.remote().is_some());
        let never_ran = error.never_ran();
        let stale = never_ran && lost && connection == Connection::Used;
        let elsewhere = never_ran && (lost || refused) && places > 1;
        let again = lost && self.idempotent;
        let allowed = stale || ((elsewhere || again) && self.pool.budget.pay());
        self.count += usize::from(allowed);
        allowed
    }

    /// Returns the call's error, in which all attempts count.
    pub(super) fn error(&self, error: Error) -> Error {
        let fate = Fate { never_ran: false, ..error.fate() };
        match error {
            error if !self.may_have_run => error,
            // the client was closed meanwhile
            Error::Misuse(misuse) => {
                let error = io::Error::new(io::ErrorKind::NotConnected, misuse);
                Error::Transport { operation: Operation::Connecting, error, fate }
            }
            error => error.with_fate(fate),
        }
    }
}
