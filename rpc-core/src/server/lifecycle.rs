//! The phase of a connection, which decides whether its own thread or another one may write to it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::connection::{Outbound, finish};
use crate::observe::Ended;
use crate::transport::{Control, TimeLimit};

use crate::lock::lock;

/// The phases of a connection. One atomic holds them, so all changes have one order: a request that
/// comes after another thread has reset the connection is not answered.
mod phase {
    /// The connection waits for a request.
    pub(super) const IDLE: u8 = 0;
    /// The connection answers a request.
    pub(super) const IN_CALL: u8 = 1;
    /// Set in addition to one of the above when the server stops: the current or next call is the
    /// connection's last.
    pub(super) const STOPPING: u8 = 2;
    /// The connection was idle, and another thread sends a Reset frame: the connection's own thread
    /// may not write any more.
    pub(super) const RESET: u8 = 4;
    /// Set in addition to the above if that makes room for another connection; otherwise the server
    /// stops.
    pub(super) const MADE_ROOM: u8 = 16;
    /// The connection's thread is closing it: no other thread may write.
    pub(super) const CLOSING: u8 = 8;
}

/// The phase of a connection, and what other threads need to end it.
pub(super) struct Lifecycle {
    phase: AtomicU8,
    created: Instant,
    /// When it began to wait for a request, in nanoseconds since it was created; [`NOT_WAITING`]
    /// if it does not. Whoever sees the phase after a call sees what was stored before that phase.
    idle_since: AtomicU64,
    /// It keeps a session that has served a call, so it may not be replaced by another one.
    keeps_session: AtomicBool,
    /// A shutdown has cut it in its call.
    cut: AtomicBool,
    outbound: Arc<Mutex<Outbound>>,
    control: Option<Arc<dyn Control>>,
}

const NOT_WAITING: u64 = u64::MAX;

impl Lifecycle {
    pub(super) fn new(outbound: Arc<Mutex<Outbound>>, control: Option<Arc<dyn Control>>) -> Lifecycle {
        Lifecycle {
            phase: AtomicU8::new(phase::IDLE),
            created: Instant::now(),
            idle_since: AtomicU64::new(NOT_WAITING),
            keeps_session: AtomicBool::new(false),
            cut: AtomicBool::new(false),
            outbound,
            control,
        }
    }

    /// Notes that the connection waits for a request, from now on until a call begins.
    pub(super) fn begin_waiting(&self, now: Instant) {
        self.idle_since.store(self.age(now), Ordering::Relaxed);
    }

    /// Notes that the connection keeps a session that serves a call.
    pub(super) fn keep_session(&self) {
        self.keeps_session.store(true, Ordering::Relaxed);
    }

    /// Returns how long the connection has been idle; `None` if it is not, if it keeps a session
    /// that has served a call, or if nothing can wake its thread.
    pub(super) fn idle_for(&self, now: Instant) -> Option<Duration> {
        let idle = self.phase.load(Ordering::SeqCst) == phase::IDLE;
        let may_end = !self.keeps_session.load(Ordering::Relaxed) && self.control.is_some();
        let since = Some(self.idle_since.load(Ordering::Relaxed)).filter(|&since| since != NOT_WAITING)?;
        if !(idle && may_end) {
            return None;
        }
        Some(Duration::from_nanos(self.age(now).saturating_sub(since)))
    }

    fn age(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.created).as_nanos()).unwrap_or(NOT_WAITING - 1)
    }

    /// Begins a call. Returns `false` if its request may not be answered any more.
    pub(super) fn begin_call(&self) -> bool {
        let begins = self.change_unless_reset(|phase| phase | phase::IN_CALL);
        // otherwise it would seem to have been idle during the call, until it waits again
        self.idle_since.store(NOT_WAITING, Ordering::Relaxed);
        begins
    }

    /// Ends a call. Returns `false` if no other may follow.
    pub(super) fn end_call(&self) -> bool {
        let idle = self.change(phase::IN_CALL, phase::IDLE);
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
        if self.change(phase::IDLE | phase::STOPPING, phase::RESET) {
            self.reset(until);
        }
    }

    /// Ends the connection for another one, if it is still idle. Returns `false` if a call has
    /// begun or the server stops. Once it returns `true`, no request will run; then call
    /// [`reset`](Lifecycle::reset).
    pub(super) fn claim_for_another(&self) -> bool {
        self.change(phase::IDLE, phase::RESET | phase::MADE_ROOM)
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.phase.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Sends a Reset frame, and ends the direction to the client. Blocks no longer than `until`.
    pub(super) fn reset(&self, until: Instant) {
        // no thread holds this lock for long: the connection's own does not write in this phase,
        // and held replies are sent without waiting
        let mut outbound = lock(&self.outbound);
        outbound.set_time_limit(TimeLimit::Until(Some(until)));
        if outbound.reset().is_ok() {
            finish(&mut outbound);
        }
    }

    /// Returns how another thread has ended the connection, if one has.
    pub(super) fn ended_by_another(&self) -> Option<Ended> {
        match self.phase.load(Ordering::SeqCst) {
            bits if bits & phase::RESET == 0 => None,
            bits if bits & phase::MADE_ROOM != 0 => Some(Ended::MadeRoom),
            _ => Some(Ended::ShutDown),
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

    /// Cuts the connection in its call, because the server stops.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        if let Some(control) = &self.control {
            control.cut();
        }
    }

    pub(super) fn was_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    pub(super) fn abort(&self) {
        if let Some(control) = &self.control {
            control.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::transport::{Transport, memory_pair};

    use super::*;

    #[test]
    fn the_time_of_a_call_is_no_idle_time() {
        let parts = memory_pair().0.into_parts().unwrap();
        let lifecycle = Lifecycle::new(Arc::new(Mutex::new(Outbound::new(parts.writer))), parts.control);
        let start = Instant::now();
        let later = start + Duration::from_secs(9);
        assert_eq!(lifecycle.idle_for(later), None, "it does not wait yet");
        lifecycle.begin_waiting(start);
        assert_eq!(lifecycle.idle_for(later), Some(Duration::from_secs(9)));
        assert!(lifecycle.begin_call() && lifecycle.end_call());
        assert_eq!(lifecycle.idle_for(later), None, "it has not begun to wait for the next request");
        lifecycle.begin_waiting(later);
        assert_eq!(lifecycle.idle_for(later), Some(Duration::ZERO));
    }
}
