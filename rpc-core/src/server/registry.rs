//! The connections of a server: how many there are, and how a shutdown reaches them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::unwind;

use super::lifecycle::Entry;
use super::lock::lock;

/// How long a shutdown waits for all idle connections to take a Reset frame. It is six bytes: only a broken one does not.
const RESET_TIME: Duration = Duration::from_millis(100);

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
        let told = rest.iter().filter(|entry| entry.was_told());
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
