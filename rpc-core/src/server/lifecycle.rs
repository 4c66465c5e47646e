//! What a connection does at the moment, and what a shutdown makes of it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::connection::{Outbound, finish};
use crate::transport::{Control, TimeLimit};

use super::lock::lock;

/// The phases of a connection. All changes are made to one atomic, so they have one order: either
/// a request comes before a shutdown tells the peer, or it is not answered.
mod phase {
    /// Waits for a request.
    pub(super) const IDLE: u8 = 0;
    /// Answers a request.
    pub(super) const IN_CALL: u8 = 1;
    /// Set in addition to one of the above when the server stops: a call is the connection's last.
    pub(super) const STOPPING: u8 = 2;
    /// Was idle when the server stopped, and its peer is told by a Reset frame: the connection's
    /// thread may not write any more.
    pub(super) const RESET: u8 = 4;
    /// The connection's thread is closing it: nobody else may write.
    pub(super) const CLOSING: u8 = 8;
}

/// Where a connection stands, and how a shutdown reaches it.
pub(super) struct Lifecycle {
    phase: AtomicU8,
    outbound: Arc<Mutex<Outbound>>,
    control: Option<Arc<dyn Control>>,
}

impl Lifecycle {
    pub(super) fn new(outbound: Arc<Mutex<Outbound>>, control: Option<Arc<dyn Control>>) -> Lifecycle {
        Lifecycle { phase: AtomicU8::new(phase::IDLE), outbound, control }
    }

    /// A request has come; `false` where it may not be answered any more.
    pub(super) fn begin_call(&self) -> bool {
        self.change_unless_reset(|phase| phase | phase::IN_CALL)
    }

    /// A call is over; `false` where no other may follow.
    pub(super) fn end_call(&self) -> bool {
        let idle = self.phase.compare_exchange(phase::IN_CALL, phase::IDLE, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if !idle {
            self.phase.store(phase::CLOSING, Ordering::SeqCst);
        }
        idle
    }

    /// The connection's thread closes it; `false` where its peer is told already.
    pub(super) fn begin_closing(&self) -> bool {
        self.change_unless_reset(|_| phase::CLOSING)
    }

    fn change_unless_reset(&self, change: impl Fn(u8) -> u8) -> bool {
        let changed = |phase| (phase & phase::RESET == 0).then(|| change(phase));
        self.phase.fetch_update(Ordering::SeqCst, Ordering::SeqCst, changed).is_ok()
    }

    /// A call that is under way is the connection's last.
    pub(super) fn stop(&self) {
        self.phase.fetch_or(phase::STOPPING, Ordering::SeqCst);
    }

    /// Tells the peer of a connection that was [stopped](Lifecycle::stop) while it was idle that the end
    /// has come.
    pub(super) fn reset_if_idle(&self, until: Instant) {
        let idle = phase::IDLE | phase::STOPPING;
        if self.phase.compare_exchange(idle, phase::RESET, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            // nobody holds this lock for long: its own thread writes nothing in this phase, and what
            // was held back is sent without waiting
            let mut outbound = lock(&self.outbound);
            outbound.set_time_limit(TimeLimit::until(Some(until)));
            if outbound.reset().is_ok() {
                finish(&mut outbound);
            }
        }
    }

    pub(super) fn in_call(&self) -> bool {
        self.is(phase::IN_CALL)
    }

    pub(super) fn was_reset(&self) -> bool {
        self.is(phase::RESET)
    }

    fn is(&self, phase: u8) -> bool {
        self.phase.load(Ordering::SeqCst) & phase != 0
    }

    pub(super) fn abort(&self) {
        if let Some(control) = &self.control {
            control.abort();
        }
    }
}
