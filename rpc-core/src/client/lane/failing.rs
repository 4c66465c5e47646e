//! The end of a lane's connection, and what it means for each call that is out on it.

use std::io;

use crate::error::{Doing, Error, Fate};

use super::driver::Driver;
use super::slot::Failure;
use super::{Lane, Owed, lock};

impl Lane {
    /// The connection cannot be used any more, for this reason: all calls that are out on it fail.
    pub(super) fn fail(&self, driver: &mut Driver, error: Error) {
        let (outbound, owed) = {
            let mut sending = lock(&self.sending);
            let mut state = self.lock();
            state.out = 0;
            (sending.take(), std::mem::take(&mut state.owed))
        };
        tracing::debug!(%error, calls = owed.len(), "a shared connection failed");
        let (reset, aged) = (error.never_ran(), driver.aged);
        let accepted = outbound.as_ref().map_or(0, |outbound| outbound.frames.accepted());
        // the server answers in order: what stands behind a call that never ran has not run either
        let fate = |owed: &Owed| if reset || owed.end > accepted { Fate::UNREACHED } else { Fate::LOST };
        let end = |owed: &Owed, error| {
            owed.slot.end(Err(Failure { error, aged }), &mut Vec::new());
        };
        let mut owed = owed.into_iter();
        let first = owed.next();
        owed.for_each(|owed| end(&owed, behind(&error, fate(&owed))));
        if let Some(first) = first {
            let fate = fate(&first);
            end(&first, error.with_fate(fate));
        }
        driver.release(outbound, false);
    }
}

/// What the failure of a connection is for the other calls that are on it.
pub(super) fn behind(error: &Error, fate: Fate) -> Error {
    match error {
        Error::Transport { .. } | Error::Deadline { doing: Doing::Connecting, .. } => error.repeated().with_fate(fate),
        _ => {
            let error = io::ErrorKind::ConnectionAborted.into();
            Error::Transport { doing: Doing::WaitingForReply, error, fate }
        }
    }
}
