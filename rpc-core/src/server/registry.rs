//! The connections of a server: how many there are, and how a shutdown reaches them.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::connection::{Outbound, finish};
use crate::transport::{Control, TimeLimit};
use crate::unwind;

use super::lock::lock;

/// How long a shutdown waits for all idle connections to take a Reset frame. It is six bytes: only a broken one does not.
const RESET_TIME: Duration = Duration::from_millis(100);

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
    pub(super) const TOLD: u8 = 4;
    /// The connection's thread is closing it: nobody else may write.
    pub(super) const CLOSING: u8 = 8;
}

/// One connection.
pub(super) struct Entry {
    phase: AtomicU8,
    outbound: Arc<Mutex<Outbound>>,
    control: Option<Arc<dyn Control>>,
}

impl Entry {
    pub(super) fn new(outbound: Arc<Mutex<Outbound>>, control: Option<Arc<dyn Control>>) -> Entry {
        Entry { phase: AtomicU8::new(phase::IDLE), outbound, control }
    }

    /// A request has come; `false` where it may not be answered any more.
    pub(super) fn begin_call(&self) -> bool {
        self.change_unless_told(|phase| phase | phase::IN_CALL)
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
        self.change_unless_told(|_| phase::CLOSING)
    }

    fn change_unless_told(&self, change: impl Fn(u8) -> u8) -> bool {
        let changed = |phase| (phase & phase::TOLD == 0).then(|| change(phase));
        self.phase.fetch_update(Ordering::SeqCst, Ordering::SeqCst, changed).is_ok()
    }

    /// A call that is under way is the connection's last.
    fn stop(&self) {
        self.phase.fetch_or(phase::STOPPING, Ordering::SeqCst);
    }

    /// Tells the peer of a connection that was [stopped](Entry::stop) while it was idle that the end
    /// has come.
    fn tell(&self, until: Instant) {
        let idle = phase::IDLE | phase::STOPPING;
        if self.phase.compare_exchange(idle, phase::TOLD, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
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

    fn is(&self, phase: u8) -> bool {
        self.phase.load(Ordering::SeqCst) & phase != 0
    }

    fn abort(&self) {
        if let Some(control) = &self.control {
            control.abort();
        }
    }
}

/// All connections of one server.
#[derive(Default)]
pub(super) struct Registry {
    state: Mutex<State>,
    changed: Condvar,
}

/// What `Registry::state` protects.
#[derive(Default)]
struct State {
    entries: Vec<Arc<Entry>>,
    stopping: bool,
}

/// Takes a connection out of the registry when it is dropped, also by a panic.
pub(super) struct Registered {
    registry: Arc<Registry>,
    entry: Arc<Entry>,
}

impl Registered {
    /// Wakes who waits for calls to end: this connection's last one has.
    pub(super) fn last_call_ended(&self) {
        // under the lock, because otherwise whoever waits might just have looked
        let _state = self.registry.state();
        self.registry.changed.notify_all();
    }
}

impl Registry {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits until there is room for one more; `false` when the server stops.
    pub(super) fn wait_for_room(&self, max: usize) -> bool {
        let full = |state: &mut State| state.entries.len() >= max && !state.stopping;
        let state = self.changed.wait_while(self.state(), full);
        !state.unwrap_or_else(PoisonError::into_inner).stopping
    }

    /// Takes a connection in. When the server stops already, its peer is told at once.
    pub(super) fn register(self: &Arc<Self>, entry: &Arc<Entry>) -> Registered {
        let stopping = {
            let mut state = self.state();
            state.entries.push(Arc::clone(entry));
            state.stopping
        };
        let registered = Registered { registry: Arc::clone(self), entry: Arc::clone(entry) };
        if stopping {
            entry.stop();
            guarded(|| entry.tell(Instant::now() + RESET_TIME));
        }
        registered
    }

    /// No further connection is taken, and no call but those that are under way.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        state.entries.iter().for_each(|entry| entry.stop());
        self.changed.notify_all();
    }

    /// Tells the peers of idle connections that the end has come.
    pub(super) fn tell_idle(&self) {
        let entries = self.state().entries.clone();
        let until = Instant::now() + RESET_TIME;
        entries.iter().for_each(|entry| guarded(|| entry.tell(until)));
    }

    /// Waits until each connection that has not ended is `done`, but no longer than `until`.
    pub(super) fn wait_until(&self, until: Instant, done: impl Fn(&Entry) -> bool) {
        let left = until.saturating_duration_since(Instant::now());
        let open = |state: &mut State| !state.entries.iter().all(|entry| done(entry));
        let waited = self.changed.wait_timeout_while(self.state(), left, open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Cuts the connections that are in a call still, and returns how many they were. Those that were idle end here,
    /// too; those that are closing end by themselves, and soon.
    pub(super) fn abort(&self) -> usize {
        let left = self.state().entries.clone();
        let (cut, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(|entry| entry.in_call());
        let told = rest.iter().filter(|entry| entry.is(phase::TOLD));
        cut.iter().chain(told).for_each(|entry| guarded(|| entry.abort()));
        cut.len()
    }
}

/// Runs the code of a connection's transport, whose panic is not to keep a shutdown from the other connections.
pub(super) fn guarded(run: impl FnOnce()) {
    if unwind::catch(run).is_none() {
        tracing::error!("a transport panicked when its connection was ended");
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.state().entries.retain(|entry| !Arc::ptr_eq(entry, &self.entry));
        self.registry.changed.notify_all();
    }
}
