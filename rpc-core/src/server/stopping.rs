//! How a server ends its connections: politely, until a time that may still change, and then not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lifecycle::Lifecycle;
use super::registry::{Connections, RESET_TIME, Registry, guarded};

/// How long a shutdown waits after the last call for clients to close. So a client whose request is
/// on its way just then reads the Reset frame and does not find a broken connection. It is short,
/// because a client that keeps a connection for later does not notice the Reset frame.
const LINGER: Duration = Duration::from_millis(250);

/// What replaces a time that ends later than an [`Instant`] can express: a year.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// Returns the instant at which this much time has passed.
pub(super) fn from_now(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or_else(|| now + FAR)
}

/// How a shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many calls that were under way when the server began to stop have ended by themselves.
    pub finished: usize,
    /// How many connections were cut, because their calls did not end within the grace.
    pub cut: usize,
    /// How many of those have a handler that had not returned when the clean-up time was over. Each
    /// keeps its thread until it returns, or until the program ends.
    pub still_running: usize,
}

impl Registry {
    /// Ends the connections of a server that has been told to stop. Blocks until calls have ended,
    /// or have been cut and their handlers have returned, within the times that are set for that.
    pub(super) fn finish_stop(&self, cleanup_time: Duration) -> ShutdownReport {
        // in this order: connections that are being set up meet the end when they are registered
        self.wait_until(Instant::now() + RESET_TIME, Connections::are_set_up);
        self.reset_idle();
        self.wait_for_calls();
        let cut_at = self.cut_at();
        self.wait_until(cut_at.min(Instant::now() + LINGER), |connections| connections.open.is_empty());
        let finished = self.lock().finished;
        let cut = self.cut();
        let cleaned_up = |connections: &Connections| connections.still_cut() == 0;
        self.wait_until(from_now(cleanup_time), cleaned_up);
        ShutdownReport { finished, cut, still_running: self.lock().still_cut() }
    }

    /// Returns when calls under way are cut: now, if the server has not been told to stop.
    fn cut_at(&self) -> Instant {
        self.lock().cut_at.unwrap_or_else(Instant::now)
    }

    /// Sends a Reset frame to each idle connection.
    fn reset_idle(&self) {
        let open = self.lock().lifecycles();
        let until = Instant::now() + RESET_TIME;
        open.iter().for_each(|lifecycle| guarded(|| lifecycle.reset_if_idle(until)));
    }

    /// Blocks until no call is under way, or until calls are to be cut, which may be put forward
    /// meanwhile.
    fn wait_for_calls(&self) {
        let mut connections = self.lock();
        while connections.open.iter().any(|open| open.lifecycle.in_call()) {
            let left = connections.cut_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            connections = self.wait(connections, left);
        }
    }

    /// Blocks until the connections are as `done` wants them, but no longer than `until`.
    fn wait_until(&self, until: Instant, done: impl Fn(&Connections) -> bool) {
        let mut connections = self.lock();
        while !done(&connections) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            connections = self.wait(connections, left);
        }
    }

    /// Cuts the connections that are still in a call and returns their number. Ends those that were
    /// reset as well; those that are closing end soon by themselves.
    fn cut(&self) -> usize {
        let open = self.lock().lifecycles();
        let (in_call, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|lifecycle| lifecycle.in_call());
        in_call.iter().for_each(|lifecycle| guarded(|| lifecycle.cut()));
        let reset = others.iter().filter(|lifecycle| lifecycle.was_reset());
        reset.for_each(|lifecycle| guarded(|| lifecycle.abort()));
        in_call.len()
    }
}

impl Connections {
    fn lifecycles(&self) -> Vec<Arc<Lifecycle>> {
        self.open.iter().map(|open| Arc::clone(&open.lifecycle)).collect()
    }

    /// Returns how many connections that were cut are still there.
    fn still_cut(&self) -> usize {
        self.open.iter().filter(|open| open.lifecycle.was_cut()).count()
    }
}
