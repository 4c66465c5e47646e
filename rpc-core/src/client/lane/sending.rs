//! What a lane sends: the requests that are queued, as far as there is room for them, in one write.

use std::io;
use std::sync::TryLockError;
use std::time::Instant;

use crate::connection::Outbound;
use crate::error::{Doing, Error, Fate, Result};
use crate::frame::{FRAME_HEADER_LEN, FrameError, FrameKind};
use crate::message::{add_timeout, timeout_len};
use crate::transport::Patience;
use crate::unwind;

use super::super::options::Deadline;
use super::super::pool::Pool;
use super::super::window::{LEAST_WINDOW, WINDOW};
use super::slot::Call;
use super::{Lane, Owed, State, lock};

/// Bytes of requests that are out at most on a new connection.
const FIRST: usize = 4 * 1024;

/// What `Lane::sending` protects.
#[derive(Default)]
pub(super) struct Sending {
    /// Present while some thread leads with a connection.
    outbound: Option<Outbound>,
    /// The transport can wait for both directions.
    can_wait: bool,
    /// What was queued could not be written. The reply may say why.
    failed: bool,
}

/// What has become of that which was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    /// The transport takes no more at present.
    Part,
    /// Writing failed.
    Failed,
}

impl Sending {
    pub(super) fn begin(&mut self, outbound: Outbound, can_wait: bool) {
        *self = Sending { outbound: Some(outbound), can_wait, failed: false };
    }

    pub(super) fn take(&mut self) -> Option<Outbound> {
        self.outbound.take()
    }

    /// Whether a write need not block.
    fn sends_on(&self) -> bool {
        self.can_wait && self.outbound.as_ref().is_some_and(|outbound| outbound.frames.get_ref().can_try())
    }

    /// How much may be out at once.
    fn window(&self) -> usize {
        match &self.outbound {
            _ if self.sends_on() => WINDOW,
            // a small first write finds out whether the transport can write without blocking
            Some(outbound) if outbound.frames.get_ref().is_untried() => FIRST,
            _ => LEAST_WINDOW,
        }
    }

    /// Sends of what is queued as much as the transport takes.
    fn try_send(&mut self) -> Sent {
        let Some(outbound) = &mut self.outbound else { return Sent::All };
        match outbound.try_flush() {
            _ if self.failed => return Sent::Failed,
            Ok(true) => return Sent::All,
            Ok(false) => return Sent::Part,
            Err(error) => tracing::debug!(%error, "requests cannot be sent"),
        }
        self.failed = true;
        Sent::Failed
    }
}

impl Lane {
    /// Sends what is queued, as far as there is room for it. The leader's write may block until its call's deadline.
    pub(super) fn send(&self, pool: &Pool, deadline: Deadline) -> Result<()> {
        let sending = &mut *lock(&self.sending);
        let (sends_on, window) = (sending.sends_on(), sending.window());
        let Some(outbound) = &mut sending.outbound else { return Ok(()) };
        self.fill(pool, outbound, window);
        if sends_on || outbound.frames.queued() == 0 {
            sending.try_send();
            return Ok(());
        }
        outbound.set_patience(Patience::until(deadline.at));
        let flushed = outbound.frames.flush();
        flushed.map_err(|error| Error::from_message(error.into(), Doing::Sending, deadline.limit, Fate::LOST))
    }

    /// The same, if it need not wait: for a caller that does not lead and has waited for a moment, and for one that leads no
    /// longer. `false` if that has to be looked at again: another thread writes at this moment, which may block, or nothing
    /// has been written yet that shows whether a write need not wait.
    pub(super) fn send_by_the_way(&self, pool: &Pool) -> bool {
        let mut sending = match self.sending.try_lock() {
            Ok(sending) => sending,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let sending = &mut *sending;
        let (sends_on, window) = (sending.sends_on(), sending.window());
        let Some(outbound) = &mut sending.outbound else { return false };
        if sends_on {
            self.fill(pool, outbound, window);
            // the transport's panic would take somebody along on whom the others count; whoever leads finds out that this failed
            if unwind::catch(|| sending.try_send()).is_none() {
                tracing::error!("a transport panicked when it was written to");
            }
            return true;
        }
        !outbound.frames.get_ref().is_untried()
    }

    /// Goes on sending what the transport has not taken yet.
    pub(super) fn send_on(&self) -> Sent {
        let sending = &mut *lock(&self.sending);
        match &sending.outbound {
            Some(outbound) if !sending.failed && outbound.frames.queued() == 0 => Sent::All,
            _ => sending.try_send(),
        }
    }

    /// Moves requests from the queue to the connection. Where others wait for a connection, what is out comes to its end
    /// first.
    fn fill(&self, pool: &Pool, outbound: &mut Outbound, window: usize) {
        let waited_for = pool.is_waited_for();
        let state = &mut *self.lock();
        if state.stray || waited_for && !state.owed.is_empty() {
            return;
        }
        // what stays in the queue waits for a reply to make room
        state.watched = false;
        let now = Instant::now();
        while let Some(slot) = state.queue.front() {
            let call = slot.lock();
            if call.deadline.passed_by(now) {
                let limit = call.deadline.limit.unwrap_or_default();
                drop(call);
                let error = Error::Deadline { doing: Doing::Sending, limit, fate: Fate::UNTOUCHED };
                // its thread wakes by itself
                slot.end(Err(error.into()), &mut Vec::new());
                state.queue.pop_front();
                continue;
            }
            let timeout_ms = call.deadline.left_ms(now, false);
            let size = call.header.len() + timeout_len(timeout_ms) + call.body.len() + 2 * FRAME_HEADER_LEN;
            if state.out > 0 && state.out + size > window {
                return;
            }
            let queued = queue(outbound, &call, timeout_ms);
            debug_assert!(queued.is_ok(), "a small call fits into its frames");
            drop(call);
            state.sent(size, outbound.frames.accepted() + outbound.frames.queued() as u64);
        }
    }
}

impl State {
    /// The first request in the queue is on its way.
    fn sent(&mut self, size: usize, end: u64) {
        if let Some(slot) = self.queue.pop_front() {
            self.owed.push_back(Owed { slot, size, end });
            self.out += size;
        }
    }
}

/// Queues a request with what is left of its time.
fn queue(outbound: &mut Outbound, call: &Call, timeout_ms: u64) -> Result<(), FrameError> {
    outbound.header.clear();
    outbound.header.extend_from_slice(&call.header);
    add_timeout(&mut outbound.header, timeout_ms);
    outbound.queue_header()?;
    outbound.frames.queue(FrameKind::Data, true, &call.body)
}

/// The error of a write of which no more is known.
pub(super) fn write_failed() -> Error {
    Error::Transport { doing: Doing::Sending, error: io::ErrorKind::BrokenPipe.into(), fate: Fate::LOST }
}
