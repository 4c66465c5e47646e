//! Several requests out on one connection: how many bytes they may be, and how they leave while replies come.

use std::io;
use std::time::Instant;

use crate::connection::{Ahead, ClientTurn};
use crate::frame::FrameError;
use crate::message::DataType;
use crate::transport::{TimeLimit, in_time};

use super::connection::ClientConnection;

/// Bytes of requests that are out at most where the transport cannot write without blocking: what any transport holds while
/// nobody reads. So sending never waits for a server that waits for its replies to be read.
pub(in crate::client) const LEAST_WINDOW: usize = 8 * 1024;

/// The same where it can: what it does not take is sent while replies are awaited. With 8 KiB, both sides waited for each
/// other half of the time, and more than this gained nothing.
pub(in crate::client) const WINDOW: usize = 32 * 1024;

impl ClientConnection {
    /// Whether a write need not block: the rest is sent while replies are awaited.
    pub(super) fn sends_on(&self) -> bool {
        self.outbound.frames.get_ref().can_try() && self.control.as_ref().is_some_and(|control| control.can_wait())
    }

    /// How much may be out.
    pub(super) fn window(&self) -> usize {
        if self.sends_on() { WINDOW } else { LEAST_WINDOW }
    }

    /// Sends what is queued, or what of it the transport takes.
    pub(super) fn send_queued(&mut self, window: usize, until: Option<Instant>) -> Result<(), FrameError> {
        if self.outbound.frames.queued() == 0 {
            return Ok(());
        }
        if window > LEAST_WINDOW {
            // a server that has refused a call and closed may have said why: its replies are read first
            _ = self.outbound.try_flush();
            return Ok(());
        }
        self.outbound.set_time_limit(TimeLimit::until(until));
        self.outbound.frames.flush()
    }

    /// Sends what has not been sent yet until a reply comes, so that neither side waits in a write for the other to read, but
    /// not beyond `until`.
    pub(super) fn send_on(&mut self, until: Option<Instant>) -> io::Result<()> {
        while self.outbound.frames.queued() > 0 && self.inbound.look_ahead() == Ahead::Nothing {
            in_time(until)?;
            if let Ok(false) = self.outbound.try_flush() {
                self.control.as_ref().map_or(Ok(()), |control| control.wait(until))?;
            }
        }
        Ok(())
    }

    /// The next reply that is owed is to a call whose request and reply are JSON.
    pub(super) fn next_turn(&mut self) {
        let json = DataType::MarshaledJson;
        let mut turn = ClientTurn::new(json, json, self.revision.unwrap_or(0));
        turn.request_ended();
        self.turn = Some(turn);
    }
}
