//! The connections of a server: which there are, and how other threads reach them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::transport::ErasedListener;
use crate::unwind;

use super::lifecycle::Lifecycle;
use super::origin::Origin;
use crate::lock::lock;

/// How many threads a server has at most besides one for each place: for connections that wait for
/// a place, hear that there is none, or are being closed. When all are in use, further connections
/// wait in the system's listen queue.
pub(super) const SPARE_THREADS: usize = 32;

/// How long sending Reset frames to all idle connections may take. A frame is six bytes, so only a
/// broken connection makes it wait.
pub(super) const RESET_TIME: Duration = Duration::from_millis(100);

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
pub(super) struct Connections {
    /// How many threads serve, refuse or set up connections.
    threads: usize,
    /// How many connections have been accepted and are being set up, which may take a handshake.
    setting_up: usize,
    /// Where each connection comes from that shakes hands.
    pub(super) handshakes: Vec<Origin>,
    pub(super) open: Vec<Open>,
    /// Set when the server stops: when calls that are still under way are cut.
    pub(super) cut_at: Option<Instant>,
    /// How many calls have ended by themselves since the server began to stop.
    pub(super) finished: usize,
}

/// An open connection.
pub(super) struct Open {
    pub(super) lifecycle: Arc<Lifecycle>,
    pub(super) origin: Option<Origin>,
    /// Whether it is served. Otherwise it waits for a place, or hears that there is none.
    pub(super) has_place: bool,
}

impl Registry {
    pub(super) fn new(listener: &Arc<dyn ErasedListener>) -> Arc<Registry> {
        let listener = Mutex::new(Some(Arc::clone(listener)));
        Arc::new(Registry { connections: Mutex::default(), changed: Condvar::new(), listener })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Connections> {
        lock(&self.connections)
    }

    /// Waits until the connections change, but no longer than `limit`.
    pub(super) fn wait<'r>(
        &'r self,
        connections: MutexGuard<'r, Connections>,
        limit: Duration,
    ) -> MutexGuard<'r, Connections> {
        self.changed.wait_timeout(connections, limit).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Wakes all threads that wait for the connections to change.
    pub(super) fn notify(&self, connections: MutexGuard<'_, Connections>) {
        drop(connections);
        self.changed.notify_all();
    }

    /// Blocks until one more connection may have a thread. Returns `false` if the server stops.
    pub(super) fn wait_for_thread(&self, max_connections: usize) -> bool {
        let most = max_connections.saturating_add(SPARE_THREADS);
        let busy = |connections: &mut Connections| connections.threads >= most && connections.cut_at.is_none();
        let connections = self.changed.wait_while(self.lock(), busy);
        connections.unwrap_or_else(PoisonError::into_inner).cut_at.is_none()
    }

    /// Counts a connection that has been accepted, until its thread ends.
    pub(super) fn begin_thread(self: &Arc<Self>) -> ConnectionThread {
        let mut connections = self.lock();
        connections.threads += 1;
        connections.setting_up += 1;
        drop(connections);
        ConnectionThread { registry: Arc::clone(self), sets_up: true }
    }

    /// Registers a connection, and resets it at once if the server stops already.
    pub(super) fn register(&self, lifecycle: &Arc<Lifecycle>) {
        let mut connections = self.lock();
        connections.open.push(Open { lifecycle: Arc::clone(lifecycle), origin: None, has_place: false });
        if connections.cut_at.is_some() {
            drop(connections);
            lifecycle.stop();
            guarded(|| lifecycle.reset_if_idle(Instant::now() + RESET_TIME));
        }
    }

    /// Counts a call that has ended by itself while the server stops.
    pub(super) fn call_finished(&self) {
        self.lock().finished += 1;
    }

    /// Removes a connection that has ended.
    pub(super) fn remove(&self, lifecycle: &Arc<Lifecycle>) {
        let mut connections = self.lock();
        connections.open.retain(|open| !Arc::ptr_eq(&open.lifecycle, lifecycle));
        self.notify(connections);
    }

    /// Stops the server: no more connections are accepted, and no call follows the current one of a
    /// connection. Calls under way are cut at `cut_at`, or at the earlier time that was set before.
    pub(super) fn stop(&self, cut_at: Instant) {
        let mut connections = self.lock();
        connections.cut_at = Some(connections.cut_at.map_or(cut_at, |set| set.min(cut_at)));
        connections.open.iter().for_each(|open| open.lifecycle.stop());
        self.notify(connections);
        self.wake_listener();
    }

    /// Blocks until the server is told to stop, or until no connection is left of a listener that
    /// has no more.
    pub(super) fn wait_for_end(&self) {
        let serves = |connections: &mut Connections| connections.threads > 0 && connections.cut_at.is_none();
        drop(self.changed.wait_while(self.lock(), serves).unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.lock().cut_at.is_some()
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
}

/// The thread of a connection, as the registry counts it.
pub(super) struct ConnectionThread {
    registry: Arc<Registry>,
    sets_up: bool,
}

impl ConnectionThread {
    /// The connection has been set up and registered, or has failed.
    pub(super) fn is_set_up(&mut self) {
        if std::mem::take(&mut self.sets_up) {
            let mut connections = self.registry.lock();
            connections.setting_up -= 1;
            self.registry.notify(connections);
        }
    }
}

impl Drop for ConnectionThread {
    fn drop(&mut self) {
        self.is_set_up();
        let mut connections = self.registry.lock();
        connections.threads -= 1;
        self.registry.notify(connections);
    }
}

impl Connections {
    pub(super) fn are_set_up(&self) -> bool {
        self.setting_up == 0
    }
}

/// Runs the code of a transport, whose panic must not keep a server from ending other connections.
pub(super) fn guarded(run: impl FnOnce()) {
    if unwind::catch(run).is_none() {
        tracing::error!("a transport panicked while its connection was being ended");
    }
}
