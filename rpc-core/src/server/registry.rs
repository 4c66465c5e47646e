//! The connections of a server: how many there are, and how a shutdown reaches them.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Fate, Operation, Result};
use crate::transport::Bell;
use crate::unwind;

use super::lifecycle::Lifecycle;
use super::lock::lock;

/// How long sending Reset frames to all idle connections may take. A frame is six bytes, so only a
/// broken connection makes it wait.
const RESET_TIME: Duration = Duration::from_millis(100);

/// All connections of one server.
pub(super) struct Registry {
    connections: Mutex<Connections>,
    changed: Condvar,
    /// Rings when the server stops.
    pub(super) bell: Bell,
}

/// What `Registry::connections` protects.
#[derive(Default)]
struct Connections {
    open: Vec<Arc<Lifecycle>>,
    stopping: bool,
}

impl Registry {
    pub(super) fn new() -> Result<Arc<Registry>> {
        let bell = Bell::new().map_err(Error::transport(Operation::Accepting, Fate::UNREACHED))?;
        Ok(Arc::new(Registry { connections: Mutex::default(), changed: Condvar::new(), bell }))
    }

    /// Blocks until there are fewer than `max` connections. Returns `false` if the server stops.
    pub(super) fn wait_for_room(&self, max: usize) -> bool {
        let full = |connections: &mut Connections| connections.open.len() >= max && !connections.stopping;
        let connections = self.changed.wait_while(lock(&self.connections), full);
        !connections.unwrap_or_else(PoisonError::into_inner).stopping
    }

    /// Registers a connection, and resets it at once if the server stops already.
    pub(super) fn register(&self, connection: &Arc<Lifecycle>) {
        let mut connections = lock(&self.connections);
        connections.open.push(Arc::clone(connection));
        if connections.stopping {
            drop(connections);
            connection.stop();
            guarded(|| connection.reset_if_idle(Instant::now() + RESET_TIME));
        }
    }

    /// Wakes the threads that wait for calls to end, because a connection's last call has ended.
    pub(super) fn last_call_ended(&self) {
        // under the lock, because a thread that has just looked might not wait yet
        let _locked = lock(&self.connections);
        self.changed.notify_all();
    }

    /// Removes a connection that has ended.
    pub(super) fn remove(&self, connection: &Arc<Lifecycle>) {
        lock(&self.connections).open.retain(|open| !Arc::ptr_eq(open, connection));
        self.changed.notify_all();
    }

    /// Stops the server: no more connections are accepted, and no call follows the current one of a
    /// connection.
    pub(super) fn stop(&self) {
        let mut connections = lock(&self.connections);
        connections.stopping = true;
        connections.open.iter().for_each(|connection| connection.stop());
        self.changed.notify_all();
        self.bell.ring();
    }

    /// Sends a Reset frame to each idle connection.
    pub(super) fn reset_idle(&self) {
        let open = lock(&self.connections).open.clone();
        let until = Instant::now() + RESET_TIME;
        open.iter().for_each(|connection| guarded(|| connection.reset_if_idle(until)));
    }

    /// Blocks until each connection has ended or is `done`, but no longer than `until`.
    pub(super) fn wait_until(&self, until: Instant, done: impl Fn(&Lifecycle) -> bool) {
        let left = until.saturating_duration_since(Instant::now());
        let open = |connections: &mut Connections| !connections.open.iter().all(|connection| done(connection));
        let waited = self.changed.wait_timeout_while(lock(&self.connections), left, open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Cuts the connections that are still in a call and returns their number. Cuts those that were
    /// reset as well; those that are closing end soon by themselves.
    pub(super) fn abort(&self) -> usize {
        let mut cut = 0;
        for connection in lock(&self.connections).open.clone() {
            let in_call = connection.in_call();
            if in_call || connection.was_reset() {
                guarded(|| connection.abort());
            }
            cut += usize::from(in_call);
        }
        cut
    }
}

/// Runs the code of a transport, whose panic must not keep a shutdown from ending other
/// connections.
pub(super) fn guarded(run: impl FnOnce()) {
    if unwind::catch(run).is_none() {
        tracing::error!("a transport panicked while its connection was being ended");
    }
}
