//! Accepts connections until the server stops.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Fate, Operation, Result};
use crate::transport::{Accepted, ErasedListener};
use crate::unwind;

use super::registry::Registry;
use super::starting::{reset_all, start};
use super::{PrepareService, Server};

/// How long the server waits after a failure to accept that may pass, such as too many open files.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(50);

/// How long a server that stops goes on accepting the connections in its listen queue. New ones may
/// arrive all the time.
const REFUSING_TIME: Duration = Duration::from_millis(100);

/// How many of them it accepts: as many as a listen queue usually holds.
const MOST_REFUSED: usize = 4096;

impl Server {
    /// Accepts connections until the server stops or the listener has no more, and closes the
    /// listener.
    pub(super) fn accept_all(self, registry: &Arc<Registry>, mut prepare: PrepareService) -> Result<()> {
        let outcome = self.accept_until_stopped(registry, &mut prepare);
        let refusing = outcome.is_ok() && registry.is_stopping();
        let queued = if refusing { self.accept_queued(registry) } else { Vec::new() };
        // the registry and this hold the listener. It is closed before the queued connections get a
        // Reset frame, because some clients connect again at once
        registry.release_listener();
        let Server { listener, config, .. } = self;
        if unwind::catch(|| drop(listener)).is_none() {
            tracing::error!("a listener panicked while it was being closed");
        }
        if !queued.is_empty() {
            reset_all(queued, registry, &config);
        }
        outcome
    }

    fn accept_until_stopped(&self, registry: &Arc<Registry>, prepare: &mut PrepareService) -> Result<()> {
        while registry.wait_for_thread(self.config.max_connections) {
            match accept(&*self.listener) {
                Ok(None) => break,
                // a clone that panics ends its own connection only
                Ok(Some(accepted)) => start(registry, accepted, &self.config, unwind::catch(&mut *prepare)),
                Err(error) if concerns_one_connection(&error) => {
                    tracing::debug!(%error, "a connection failed before it was accepted");
                }
                Err(error) if may_pass(&error) => {
                    tracing::warn!(%error, "accepting failed, trying again");
                    thread::sleep(ACCEPT_BACK_OFF);
                }
                Err(error) => return Err(Error::transport(Operation::Accepting, Fate::LOST)(error)),
            }
        }
        Ok(())
    }

    /// Accepts the connections in the listen queue, so that each gets a Reset frame: nothing of
    /// theirs has run. Clients left in the queue would get a connection reset from the system and
    /// could not know that.
    ///
    /// A client that connects between the last look and the end of the listener gets no Reset
    /// frame, and neither does one for which no descriptor is left.
    fn accept_queued(&self, registry: &Registry) -> Vec<Accepted> {
        // the thread that stops the server may not have woken it yet
        registry.wake_listener();
        let until = Instant::now() + REFUSING_TIME;
        let mut queued = Vec::new();
        while queued.len() < MOST_REFUSED && Instant::now() < until {
            match accept(&*self.listener) {
                Ok(Some(accepted)) => queued.push(accepted),
                Err(error) if concerns_one_connection(&error) => {}
                Ok(None) | Err(_) => break,
            }
        }
        queued
    }
}

/// Accepts a connection. A listener that panics has failed.
fn accept(listener: &dyn ErasedListener) -> io::Result<Option<Accepted>> {
    unwind::catch(|| listener.accept()).unwrap_or_else(|| Err(io::Error::other("the listener panicked")))
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, NotConnected};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | NotConnected)
}

/// Too many open files, or no memory: this may pass when connections end. std has no error kinds
/// for the former.
fn may_pass(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        if matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS)) {
            return true;
        }
    }
    error.kind() == io::ErrorKind::OutOfMemory
}
