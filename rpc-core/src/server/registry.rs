//! The connections of a server: how many there are, and how a shutdown reaches them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::connection::{Outbound, finish};
use crate::transport::{Control, Patience};

use super::exchange::lock;

/// How long a shutdown waits for an idle connection to take a Reset frame. It is six bytes: only a broken one does not.
const RESET_TIME: Duration = Duration::from_millis(100);

/// One connection.
pub(super) struct Entry {
    phase: Mutex<Phase>,
    stopping: AtomicBool,
    outbound: Arc<Mutex<Outbound>>,
    control: Option<Arc<dyn Control>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waits for a request.
    Idle,
    /// Answers one.
    InCall,
    /// The Reset frame has been sent: nothing may be written any more.
    Closing,
}

impl Entry {
    pub(super) fn new(outbound: Arc<Mutex<Outbound>>, control: Option<Arc<dyn Control>>) -> Entry {
        Entry { phase: Mutex::new(Phase::Idle), stopping: AtomicBool::new(false), outbound, control }
    }

    /// A request has come; `false` where it may not be answered any more.
    pub(super) fn begin_call(&self) -> bool {
        let mut phase = lock(&self.phase);
        if *phase == Phase::Closing {
            return false;
        }
        *phase = Phase::InCall;
        true
    }

    /// A call is over; `false` where no other may follow.
    pub(super) fn end_call(&self) -> bool {
        let mut phase = lock(&self.phase);
        if self.stopping.load(Ordering::SeqCst) {
            *phase = Phase::Closing;
            return false;
        }
        *phase = Phase::Idle;
        true
    }

    /// Tells an idle connection's peer that the end has come, and one in a call that this call is its last.
    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let mut phase = lock(&self.phase);
        if *phase == Phase::Idle {
            *phase = Phase::Closing;
            let mut outbound = lock(&self.outbound);
            outbound.set_patience(Patience::total(Some(RESET_TIME)));
            if outbound.reset().is_ok() {
                finish(&mut outbound);
            }
        }
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
    entries: HashMap<u64, Arc<Entry>>,
    next: u64,
    stopping: bool,
}

/// Takes a connection out of the registry when it is dropped, also by a panic.
pub(super) struct Registered {
    registry: Arc<Registry>,
    key: u64,
}

impl Registry {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits until there is room for one more; `false` when the server stops.
    pub(super) fn wait_for_room(&self, max: usize) -> bool {
        let full = |state: &mut State| state.entries.len() >= max && !state.stopping;
        let state = self.changed.wait_while(self.state(), full);
        !state.unwrap_or_else(std::sync::PoisonError::into_inner).stopping
    }

    /// `None` when the server stops.
    pub(super) fn register(self: &Arc<Self>, entry: Arc<Entry>) -> Option<Registered> {
        let mut state = self.state();
        if state.stopping {
            return None;
        }
        let key = state.next;
        state.next += 1;
        state.entries.insert(key, entry);
        Some(Registered { registry: Arc::clone(self), key })
    }

    /// No further connection is taken, and those that are idle end.
    pub(super) fn stop(&self) {
        let entries: Vec<_> = {
            let mut state = self.state();
            state.stopping = true;
            state.entries.values().map(Arc::clone).collect()
        };
        self.changed.notify_all();
        entries.iter().for_each(|entry| entry.stop());
    }

    /// Waits until all connections have ended, or the time has come; returns how many are left.
    pub(super) fn wait_until_empty(&self, until: Instant) -> usize {
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(self.state(), left, |state| !state.entries.is_empty());
        waited.unwrap_or_else(std::sync::PoisonError::into_inner).0.entries.len()
    }

    /// Cuts the connections that are left.
    pub(super) fn abort(&self) {
        let entries: Vec<_> = self.state().entries.values().map(Arc::clone).collect();
        entries.iter().for_each(|entry| entry.abort());
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.state().entries.remove(&self.key);
        self.registry.changed.notify_all();
    }
}
