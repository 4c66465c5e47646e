//! The connections of a server: how many there are, and how a shutdown reaches them.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::transport::ErasedListener;
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
    /// What has to be woken when the server stops, until it is closed. The lock is held while it is
    /// woken: whoever takes it out to close it may rely on having the last reference.
    listener: Mutex<Option<Arc<dyn ErasedListener>>>,
}

/// What `Registry::connections` protects.
#[derive(Default)]
struct Connections {
    /// How many have been accepted and are being set up, which may take a handshake.
    being_set_up: usize,
    open: Vec<Arc<Lifecycle>>,
    stopping: bool,
}

impl Registry {
    pub(super) fn new(listener: &Arc<dyn ErasedListener>) -> Arc<Registry> {
        let listener = Mutex::new(Some(Arc::clone(listener)));
        Arc::new(Registry { connections: Mutex::default(), changed: Condvar::new(), listener })
    }

    /// Blocks until there are fewer than `max` connections. Returns `false` if the server stops.
    pub(super) fn wait_for_room(&self, max: usize) -> bool {
        let full = |connections: &mut Connections| {
            connections.being_set_up + connections.open.len() >= max && !connections.stopping
        };
        let connections = self.changed.wait_while(lock(&self.connections), full);
        !connections.unwrap_or_else(PoisonError::into_inner).stopping
    }

    pub(super) fn is_stopping(&self) -> bool {
        lock(&self.connections).stopping
    }

    /// Counts a connection that has been accepted, until it is registered.
    pub(super) fn begin_setting_up(self: &Arc<Self>) -> SettingUp {
        lock(&self.connections).being_set_up += 1;
        SettingUp(Arc::clone(self))
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
        drop(connections);
        self.wake_listener();
    }

    /// Makes the listener, if it is still there, stop blocking.
    pub(super) fn wake_listener(&self) {
        if let Some(listener) = &*lock(&self.listener)
            && unwind::catch(|| listener.wake()).is_none()
        {
            tracing::error!("a listener panicked while it was being woken");
        }
    }

    /// Gives up the listener, so that dropping it elsewhere closes it.
    pub(super) fn release_listener(&self) {
        lock(&self.listener).take();
    }

    /// Blocks until each connection that was accepted has been set up, and reset if the server
    /// stops, but no longer than such a frame may take.
    pub(super) fn wait_until_set_up(&self) {
        let busy = |connections: &mut Connections| connections.being_set_up > 0;
        let waited = self.changed.wait_timeout_while(lock(&self.connections), RESET_TIME, busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
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

/// A connection that is being set up, on its own thread. Dropping this says that it is registered,
/// or has failed.
pub(super) struct SettingUp(Arc<Registry>);

impl Drop for SettingUp {
    fn drop(&mut self) {
        lock(&self.0.connections).being_set_up -= 1;
        self.0.changed.notify_all();
    }
}

/// Runs the code of a transport, whose panic must not keep a shutdown from ending other
/// connections.
pub(super) fn guarded(run: impl FnOnce()) {
    if unwind::catch(run).is_none() {
        tracing::error!("a transport panicked while its connection was being ended");
    }
}
