//! A server that runs in the background, and how to stop it.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::Result;
use crate::transport::Address;

use super::registry::Registry;
use super::stopping::{ShutdownReport, from_now};

/// A server that runs on its own threads. Dropping the handle stops it, as
/// [`shutdown`](ServerHandle::shutdown) without a grace does.
#[must_use = "dropping the handle stops the server"]
pub struct ServerHandle {
    pub(super) address: Address,
    pub(super) stopper: Stopper,
    pub(super) cleanup_time: Duration,
    pub(super) acceptor: Option<JoinHandle<Result<ShutdownReport>>>,
}

/// Stops a server from any thread: from one that waits for signals, for example, while the main
/// thread [waits](ServerHandle::wait) for the server. Clones stop the same server.
///
/// ```
/// use std::thread;
/// use std::time::Duration;
/// # use rpc_core::{Call, Contract, Contracts, Dispatch, Served, Server};
/// # #[derive(Clone)]
/// # struct Service;
/// # impl Dispatch for Service {
/// #     fn contracts(&self) -> Contracts {
/// #         const { &Contract::new("Service") }.into()
/// #     }
/// #     fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
/// #         call.unknown_endpoint()
/// #     }
/// # }
///
/// let server = Server::bind("tcp://127.0.0.1:0")?.spawn(Service)?;
/// let stopper = server.stopper();
/// thread::spawn(move || stopper.stop(Duration::from_secs(30)));
/// let report = server.wait()?;
/// assert_eq!(report.cut, 0);
/// # Ok::<(), rpc_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Stopper(pub(super) Arc<Registry>);

impl Stopper {
    /// Begins to stop the server, as [`ServerHandle::shutdown`] describes, and does not wait for
    /// it. Called again, it can shorten the grace, but not extend it: with no grace, it cuts the
    /// calls that are still under way.
    pub fn stop(&self, grace: Duration) {
        self.0.stop(from_now(grace));
    }
}

impl ServerHandle {
    /// Returns the address the server listens on. If it was bound to port 0, has the port that the
    /// system chose.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns what stops this server from another thread.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Blocks until the server has been stopped by a [`Stopper`], and returns how that went. If its
    /// [`Listener`](crate::transport::Listener) has no more connections, blocks until the last one
    /// that it had has ended.
    ///
    /// # Errors
    /// [`Error::Transport`](crate::Error::Transport) if no more connections can be accepted. Calls
    /// that are under way are cut then.
    pub fn wait(mut self) -> Result<ShutdownReport> {
        let outcome = self.join();
        if outcome.is_err() {
            self.stopper.stop(Duration::ZERO);
            self.stopper.0.finish_stop(self.cleanup_time);
        }
        outcome
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
    /// A handler whose connection is cut meets that as an error when it reads the request or its
    /// reply is written. It gets the [clean-up time](crate::ServerConfig::cleanup_time) to return,
    /// so that what it does at its end, such as removing a temporary file, is done before the
    /// program ends.
    ///
    /// Returns as soon as no call is under way, or up to 250 ms later, so that clients can close
    /// first. Blocks no longer than `grace`, plus at most 300 ms for sending Reset frames, plus the
    /// clean-up time, plus the time of a clone of the service that is being made. A connection
    /// whose handshake takes longer gets its Reset frame when that is over.
    ///
    /// A connection whose last reply has been written closes after its client has closed, or by
    /// itself within 5 s, on its own thread.
    pub fn shutdown(mut self, grace: Duration) -> ShutdownReport {
        self.stop(grace)
    }

    fn stop(&mut self, grace: Duration) -> ShutdownReport {
        self.stopper.stop(grace);
        match self.join() {
            Ok(report) => report,
            // nobody accepts any more, so nobody has ended the connections either
            Err(_logged) => self.stopper.0.finish_stop(self.cleanup_time),
        }
    }

    /// Waits for the accepting thread, which ends the connections if it is told to stop.
    fn join(&mut self) -> Result<ShutdownReport> {
        let Some(acceptor) = self.acceptor.take() else { return Ok(ShutdownReport::default()) };
        acceptor.join().unwrap_or_else(|_| {
            tracing::error!("the accepting thread panicked");
            Ok(self.stopper.0.finish_stop(self.cleanup_time))
        })
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        if self.acceptor.is_some() {
            self.stop(Duration::ZERO);
        }
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopper").finish_non_exhaustive()
    }
}
