//! The phase of a connection, which decides whether its own thread or a shutdown may write to it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::connection::{Outbound, finish};
use crate::transport::{Control, TimeLimit};

use super::lock::lock;

/// The phases of a connection. One atomic holds them, so all changes have one order: a request that
/// comes after a shutdown has reset the connection is not answered.
mod phase {
    /// The connection waits for a request.
    pub(super) const IDLE: u8 = 0;
    /// The connection answers a request.
    pub(super) const IN_CALL: u8 = 1;
    /// Set in addition to one of the above when the server stops: the current or next call is the
    /// connection's last.
    pub(super) const STOPPING: u8 = 2;
    /// The connection was idle when the server stopped, and the shutdown sends a Reset frame: the
    /// connection's own thread may not write any more.
    pub(super) const RESET: u8 = 4;
    /// The connection's thread is closing it: no other thread may write.
    pub(super) const CLOSING: u8 = 8;
}

/// The phase of a connection, and what a shutdown needs to end it.
pub(super) struct Lifecycle {
    phase: AtomicU8,
    outbound: Arc<Mutex<Outbound>>,
    control: Option<Arc<dyn Control>>,
}

impl Lifecycle {
    pub(super) fn new(outbound: Arc<Mutex<Outbound>>, control: Option<Arc<dyn Control>>) -> Lifecycle {
        Lifecycle { phase: AtomicU8::new(phase::IDLE), outbound, control }
    }

    /// Begins a call. Returns `false` if its request may not be answered any more.
    pub(super) fn begin_call(&self) -> bool {
        self.change_unless_reset(|phase| phase | phase::IN_CALL)
    }

    /// Ends a call. Returns `false` if no other may follow.
    pub(super) fn end_call(&self) -> bool {
        let idle = self.phase.compare_exchange(phase::IN_CALL, phase::IDLE, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if !idle {
            self.phase.store(phase::CLOSING, Ordering::SeqCst);
        }
        idle
    }

    /// Begins to close the connection. Returns `false` if a shutdown has reset it already.
    pub(super) fn begin_closing(&self) -> bool {
        self.change_unless_reset(|_| phase::CLOSING)
    }

    fn change_unless_reset(&self, change: impl Fn(u8) -> u8) -> bool {
        let changed = |phase| (phase & phase::RESET == 0).then(|| change(phase));
        self.phase.fetch_update(Ordering::SeqCst, Ordering::SeqCst, changed).is_ok()
    }

    /// Makes the current or next call the connection's last.
    pub(super) fn stop(&self) {
        self.phase.fetch_or(phase::STOPPING, Ordering::SeqCst);
    }

    /// Sends a Reset frame if the connection is idle and was [stopped](Lifecycle::stop). Blocks no
    /// longer than `until`.
    pub(super) fn reset_if_idle(&self, until: Instant) {
        let idle = phase::IDLE | phase::STOPPING;
        if self.phase.compare_exchange(idle, phase::RESET, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            // no thread holds this lock for long: the connection's own does not write in this
            // phase, and held replies are sent without waiting
            let mut outbound = lock(&self.outbound);
            outbound.set_time_limit(TimeLimit::Until(Some(until)));
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
