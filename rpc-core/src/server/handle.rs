//! A server that runs in the background, and how it is stopped.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::transport::{Address, Ringer};

use super::registry::Registry;

/// How long a shutdown waits, behind the last call, for clients to close. A request that is on its way just then finds the
/// Reset frame, and no broken connection. Clients that keep a connection for later do not look, so it is not long.
const LINGER: Duration = Duration::from_millis(250);

/// A grace that ends later than the clock can tell ends after a year.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// A server that runs on threads of its own. Dropping the handle stops it at once, as a
/// [`shutdown`](ServerHandle::shutdown) with no grace does.
#[must_use = "dropping the handle stops the server"]
pub struct ServerHandle {
    pub(super) address: Address,
    pub(super) registry: Arc<Registry>,
    pub(super) running: Option<Running>,
}

pub(super) struct Running {
    pub(super) ringer: Ringer,
    pub(super) acceptor: JoinHandle<()>,
}

/// What a shutdown met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many connections were in a call that had not ended within the grace, and were cut. A handler that works on
    /// without touching its connection keeps its thread until it returns.
    pub cut: usize,
}

impl ServerHandle {
    /// Where the server listens: with the port that the system chose, for port 0.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Stops the server. Idle connections are told by a Reset frame, and end; so are those that wait to be accepted, and then
    /// the listening socket is closed. Connections in a call may finish it within `grace`; what is left then is cut. Blocks
    /// no longer than `grace`, the 250 ms at most that telling takes, and a clone of the service that is being made; returns as soon as no call is under way, or up
    /// to 250 ms later, so that clients can close first. A call is under way when its header has been read: a request that
    /// still waits in a socket or in the listen queue does not run, and its client hears a Reset that says so.
    ///
    /// A connection whose last reply has been written closes when the client has, or by itself within 5 s, on its own
    /// thread.
    pub fn shutdown(mut self, grace: Duration) -> ShutdownReport {
        self.stop(grace)
    }

    fn stop(&mut self, grace: Duration) -> ShutdownReport {
        let now = Instant::now();
        let until = now.checked_add(grace).unwrap_or_else(|| now + FAR);
        let Some(Running { ringer, acceptor }) = self.running.take() else { return ShutdownReport { cut: 0 } };
        // in this order, so that whoever finds nobody listening knows that no connection takes another call; and those that
        // are told, and connect again at once, find nobody listening
        self.registry.stop();
        drop(ringer);
        if acceptor.join().is_err() {
            tracing::error!("the accepting thread had panicked");
        }
        self.registry.reset_idle();
        self.registry.wait_until(until, |connection| !connection.in_call());
        self.registry.wait_until(until.min(Instant::now() + LINGER), |_ended_only| false);
        ShutdownReport { cut: self.registry.abort() }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("address", &self.address).finish_non_exhaustive()
    }
}
