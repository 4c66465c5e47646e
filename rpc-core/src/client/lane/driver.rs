//! The connection of a lane as it goes from thread to thread: whoever has it reads the replies.

use crate::connection::Outbound;
use crate::error::{Misuse, Result};

use super::super::borrowed::Borrowed;
use super::super::wire::Wire;
use super::reading::Progress;

/// A connection in use, or the room for one.
#[derive(Default)]
pub(super) struct Driver {
    borrowed: Option<Borrowed>,
    pub(super) progress: Progress,
    /// The connection has served before, these calls or others.
    pub(super) aged: bool,
}

impl Driver {
    pub(super) fn has_connection(&self) -> bool {
        self.borrowed.is_some()
    }

    /// Takes a connection; the direction to the server is for the lane.
    pub(super) fn connect(&mut self, mut borrowed: Borrowed, fresh: bool) -> Outbound {
        let outbound = std::mem::replace(&mut borrowed.wire().outbound, Outbound::absent());
        *self = Driver { borrowed: Some(borrowed), progress: Progress::default(), aged: !fresh };
        outbound
    }

    pub(super) fn wire(&mut self) -> Result<&mut Wire> {
        Ok(self.borrowed.as_mut().ok_or(Misuse::Closed)?.wire())
    }

    /// Whether the connection can be used for other calls, and nothing has come that nobody asked for.
    pub(super) fn is_in_step(&mut self) -> bool {
        self.wire().is_ok_and(|wire| wire.reusable() && wire.inbound.messages.ahead().is_empty())
    }

    /// Lets go of the connection: in step it goes back to its pool.
    pub(super) fn release(&mut self, outbound: Option<Outbound>, in_step: bool) {
        if let Some(mut borrowed) = self.borrowed.take() {
            let wire = borrowed.wire();
            match outbound {
                Some(outbound) => wire.outbound = outbound,
                None => wire.broken = true,
            }
            wire.broken |= !in_step;
        }
        self.progress = Progress::default();
    }
}
