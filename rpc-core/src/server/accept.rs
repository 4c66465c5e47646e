//! Accepts connections and starts a thread for each.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::DISCARD_TIME;
use crate::error::{Error, Fate, Operation, Result};
use crate::observe::Ended;
use crate::transport::{Parts, TimeLimit};
use crate::unwind;

use super::connection::ServerConnection;
use super::registry::{Registry, guarded};
use super::{MakeService, PrepareService, Server};

/// How long the server waits after a failure to accept that may pass, such as too many open files.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(50);

/// How long a server that stops goes on accepting the connections in its listen queue. New ones may
/// arrive all the time.
const REFUSING_TIME: Duration = Duration::from_millis(100);

/// How many of them it accepts: as many as a listen queue usually holds.
const MOST_REFUSED: usize = 4096;

impl Server {
    /// Accepts connections until the server stops.
    pub(super) fn accept_all(self, registry: &Arc<Registry>, mut prepare: PrepareService) -> Result<()> {
        while registry.wait_for_room(self.config.max_connections) {
            match self.listener.accept(&registry.bell) {
                Ok(None) => {}
                // a clone that panics ends its own connection only
                Ok(Some(parts)) => self.start(registry, parts, unwind::catch(&mut prepare)),
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
        self.refuse_queued(registry);
        Ok(())
    }

    /// Accepts the connections in the listen queue, closes the listening socket, and then sends a
    /// Reset frame on each of them: nothing of theirs has run. Clients left in the queue would get
    /// a connection reset from the system and could not know that.
    ///
    /// The listening socket is closed first, because some clients connect again at once. A client
    /// that connects after the last look and before that gets no Reset frame, and neither does one
    /// for which no descriptor is left.
    fn refuse_queued(self, registry: &Arc<Registry>) {
        let Server { listener, config } = self;
        let until = Instant::now() + REFUSING_TIME;
        let mut queued = Vec::new();
        while queued.len() < MOST_REFUSED && Instant::now() < until {
            match listener.accept_now() {
                Ok(parts) => queued.push(ServerConnection::new(parts, config.clone())),
                Err(error) if concerns_one_connection(&error) => {}
                Err(_nobody_else) => break,
            }
        }
        drop(listener);
        if queued.is_empty() {
            return;
        }
        tracing::debug!(connections = queued.len(), "refusing the connections in the listen queue");
        queued.iter_mut().for_each(|connection| connection.register(registry));
        let linger = move || {
            let time_limit = TimeLimit::total(Some(DISCARD_TIME));
            queued.into_iter().for_each(|connection| guarded(|| connection.linger(time_limit)));
        };
        if let Err(error) = thread::Builder::new().name("rpc-refuse".to_owned()).spawn(linger) {
            tracing::debug!(%error, "cannot start a thread for refused connections, closing them at once");
        }
    }

    /// Starts a connection's thread. Refuses the connection if there is no service for it.
    fn start(&self, registry: &Arc<Registry>, parts: Parts, make: Option<MakeService>) {
        let mut connection = ServerConnection::new(parts, self.config.clone());
        connection.register(registry);
        let thread = thread::Builder::new().name("rpc-connection".to_owned()).stack_size(self.config.stack_size);
        let run = move || {
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

/// Too many open files, or no memory: this may pass when connections end. The standard library has
/// no error kinds for the former.
#[cfg(unix)]
fn may_pass(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

/// No memory: this may pass when connections end.
#[cfg(not(unix))]
fn may_pass(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}
