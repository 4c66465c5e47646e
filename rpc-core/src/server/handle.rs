//! A server that runs in the background, and how to stop it.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::transport::Address;

use super::registry::Registry;

/// How long a shutdown waits after the last call for clients to close. So a client whose request is
/// on its way just then reads the Reset frame and does not find a broken connection. It is short,
/// because a client that keeps a connection for later does not notice the Reset frame.
const LINGER: Duration = Duration::from_millis(250);

/// What replaces a grace that ends later than an [`Instant`] can express: a year.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// A server that runs on its own threads. Dropping the handle stops it at once, as
/// [`shutdown`](ServerHandle::shutdown) without a grace does.
#[must_use = "dropping the handle stops the server"]
pub struct ServerHandle {
    pub(super) address: Address,
    pub(super) registry: Arc<Registry>,
    pub(super) acceptor: Option<JoinHandle<()>>,
}

/// How a shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How many connections were cut, because their calls did not end within the grace. A handler
    /// that goes on without using its connection keeps its thread until it returns.
    pub cut: usize,
}

impl ServerHandle {
    /// Returns the address the server listens on. If it was bound to port 0, has the port that the
    /// system chose.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Stops the server. Connections in a call may finish it within `grace`, and are cut then. Idle
    /// connections, and those that wait to be accepted, get a Reset frame and end; the listening
    /// socket is closed.
    ///
    /// A call is under way as soon as its header has been read. A request that still waits in a
    /// socket or in the listen queue does not run, and its client gets a Reset frame that says so.
    /// A client that connects in the moment in which the listening socket is closed hears only that
    /// its connection was reset, and cannot know that nothing ran.
    ///
    /// Returns as soon as no call is under way, or up to 250 ms later, so that clients can close
    /// first. Blocks no longer than `grace`, plus at most 300 ms for sending Reset frames, plus the
    /// time of a clone of the service that is being made. A connection whose handshake takes longer
    /// gets its Reset frame when that is over.
    ///
    /// A connection whose last reply has been written closes after its client has closed, or by
    /// itself within 5 s, on its own thread.
    pub fn shutdown(mut self, grace: Duration) -> ShutdownReport {
        self.stop(grace)
    }

    fn stop(&mut self, grace: Duration) -> ShutdownReport {
        let now = Instant::now();
        let until = now.checked_add(grace).unwrap_or_else(|| now + FAR);
        let Some(acceptor) = self.acceptor.take() else { return ShutdownReport { cut: 0 } };
        // in this order: once clients cannot connect any more, no connection takes another call;
        // and a client that connects again as soon as it gets a Reset frame does not reach this
        // server
        self.registry.stop();
        if acceptor.join().is_err() {
            tracing::error!("the accepting thread panicked");
        }
        self.registry.wait_until_set_up();
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
