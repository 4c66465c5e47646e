//! The end of a lane's connection, and what it means for each call that is out on it.

use std::io;
use std::sync::Arc;

use crate::error::{Doing, Error, Fate};

use super::driver::Driver;
use super::slot::{Failure, Slot};
use super::{Lane, Owed, lock};

impl Lane {
    /// The connection cannot be used any more, for this reason: all calls that are out on it fail. It is told to the oldest of
    /// them, and a time limit to the one whose limit it is.
    pub(super) fn fail(&self, driver: &mut Driver, me: &Arc<Slot>, error: Error) {
        let (outbound, owed) = {
            let mut sending = lock(&self.sending);
            let mut state = self.lock();
            state.end_connection();
            (sending.take(), std::mem::take(&mut state.owed))
        };
        tracing::debug!(%error, calls = owed.len(), "a shared connection failed");
        let (reset, late) = (error.never_ran(), matches!(error, Error::Deadline { .. }));
        // another connection does better where this one has failed from its age, or a caller's limit has ended it
        let aged = driver.aged || late;
        let accepted = outbound.as_ref().map_or(0, |outbound| outbound.frames.accepted());
        // the server answers in order: what stands behind a call that never ran has not run either
        let fate = |owed: &Owed| if reset || owed.end > accepted { Fate::UNREACHED } else { Fate::LOST };
        for (at, owed) in owed.iter().enumerate() {
            let told = if late { Arc::ptr_eq(&owed.slot, me) } else { at == 0 };
            let fate = fate(owed);
            let error = if told { error.repeated().with_fate(fate) } else { behind(&error, fate) };
            owed.slot.end(Err(Failure { error, aged }), &mut Vec::new());
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
