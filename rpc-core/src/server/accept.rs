//! Accepts connections and starts a thread for each.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::DISCARD_TIME;
use crate::error::{Error, Fate, Operation, Result};
use crate::observe::Ended;
use crate::transport::{Accepted, ErasedListener, TimeLimit};
use crate::unwind;

use super::connection::ServerConnection;
use super::registry::{Registry, SettingUp, guarded};
use super::{MakeService, PrepareService, Server, ServerConfig};

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
        drop(self.listener);
        if !queued.is_empty() {
            refuse(queued, registry, &self.config);
        }
        outcome
    }

    fn accept_until_stopped(&self, registry: &Arc<Registry>, prepare: &mut PrepareService) -> Result<()> {
        while registry.wait_for_room(self.config.max_connections) {
            match accept(&*self.listener) {
                Ok(None) => break,
                // a clone that panics ends its own connection only
                Ok(Some(accepted)) => self.start(registry, accepted, unwind::catch(&mut *prepare)),
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

    /// Starts a connection's thread, which sets it up and serves it.
    fn start(&self, registry: &Arc<Registry>, accepted: Accepted, make: Option<MakeService>) {
        let setting_up = registry.begin_setting_up();
        let (registry, config) = (Arc::clone(registry), self.config.clone());
        let thread = thread::Builder::new().name("rpc-connection".to_owned()).stack_size(self.config.stack_size);
        let run = move || {
            let Some(connection) = set_up(accepted, setting_up, &registry, config) else { return };
            let span = tracing::debug_span!("rpc_connection", peer = %connection.peer);
            let _entered = span.enter();
            serve(&Rc::new(connection), make);
        };
        let started = thread.spawn(|| {
            if unwind::catch(run).is_none() {
                tracing::error!("serving a connection panicked, closing it");
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "cannot start a thread for a connection, closing it");
        }
    }
}

/// Accepts a connection. A listener that panics has failed.
fn accept(listener: &dyn ErasedListener) -> io::Result<Option<Accepted>> {
    unwind::catch(|| listener.accept()).unwrap_or_else(|| Err(io::Error::other("the listener panicked")))
}

/// Takes a connection's transport apart, which may block for a handshake, and registers it. This
/// sends a Reset frame if the server stops.
fn set_up(
    accepted: Accepted,
    setting_up: SettingUp,
    registry: &Arc<Registry>,
    config: ServerConfig,
) -> Option<ServerConnection> {
    let parts = accepted().inspect_err(|error| tracing::debug!(%error, "a connection could not be set up")).ok()?;
    let mut connection = ServerConnection::new(parts, config);
    connection.register(registry);
    // only now: until then it would be missing in the count
    drop(setting_up);
    Some(connection)
}

/// Sends a Reset frame on each connection, on another thread.
fn refuse(queued: Vec<Accepted>, registry: &Arc<Registry>, config: &ServerConfig) {
    tracing::debug!(connections = queued.len(), "refusing the connections in the listen queue");
    let queued: Vec<_> = queued.into_iter().map(|accepted| (accepted, registry.begin_setting_up())).collect();
    let (registry, config) = (Arc::clone(registry), config.clone());
    let run = move || {
        let set_up = |(accepted, setting_up)| {
            // one that panics is no reason not to refuse the others
            unwind::catch(|| set_up(accepted, setting_up, &registry, config.clone())).flatten()
        };
        let refused: Vec<_> = queued.into_iter().filter_map(set_up).collect();
        let time_limit = TimeLimit::total(Some(DISCARD_TIME));
        refused.into_iter().for_each(|connection| guarded(|| connection.linger(time_limit)));
    };
    if let Err(error) = thread::Builder::new().name("rpc-refuse".to_owned()).spawn(run) {
        tracing::debug!(%error, "cannot start a thread for refused connections, closing them at once");
    }
}

/// Makes a connection's service and serves until the connection ends.
fn serve(connection: &Rc<ServerConnection>, make: Option<MakeService>) {
    let Some(mut service) = make.and_then(|make| unwind::catch(|| make(&connection.peer))) else {
        tracing::error!("making the service of a connection panicked, refusing the connection");
        // this sends a Reset frame: none of its requests has run
        return connection.end(&Ok(Ended::GivenUp));
    };
    match connection.run(&mut *service) {
        Ok(ended) => tracing::debug!(?ended, "the connection has ended"),
        Err(error) => tracing::warn!(%error, "the connection failed"),
    }
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
