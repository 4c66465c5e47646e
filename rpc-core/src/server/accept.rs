//! Accepts connections, and starts a thread for each.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::DISCARD_TIME;
use crate::error::{Error, Fate, Operation, Result};
use crate::transport::{Parts, Peer, TimeLimit};
use crate::unwind;

use super::connection::ServerConnection;
use super::registry::{Registry, guarded};
use super::{MakeService, PrepareService, Server};

/// How long the server waits behind a failure to accept that may pass, such as too many open files.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(50);

/// How long a server that stops goes on accepting those that wait. New ones may come all the time.
const REFUSING_TIME: Duration = Duration::from_millis(100);

/// How many of them it accepts: as many as a listen queue usually holds.
const MOST_REFUSED: usize = 4096;

impl Server {
    /// Accepts until the bell rings.
    pub(super) fn accept_all(self, registry: &Arc<Registry>, mut prepare: PrepareService) -> Result<()> {
        while registry.wait_for_room(self.config.max_connections) {
            match self.listener.accept() {
                Ok(None) => break,
                // a clone that panics is its connection's affair, and others are accepted
                Ok(Some(parts)) => self.start(registry, parts, unwind::catch(&mut prepare)),
                Err(error) if concerns_one_connection(&error) => {
                    tracing::debug!(%error, "a connection came to nothing");
                }
                Err(error) if may_pass(&error) => {
                    tracing::warn!(%error, "accepting failed, trying again");
                    thread::sleep(ACCEPT_BACK_OFF);
                }
                Err(error) => {
                    return Err(Error::Transport { operation: Operation::Accepting, error, fate: Fate::LOST });
                }
            }
        }
        self.refuse_queued(registry);
        Ok(())
    }

    /// Accepts what waits in the listen queue, closes that, and then tells those who waited that
    /// nothing of theirs runs. Left in the queue they would hear that the connection was reset, and
    /// could not know.
    ///
    /// They are told when nobody listens any more, because some connect again at once. A client
    /// that connects between the last look and the closing is not told, and neither is one for whom
    /// there is no descriptor left.
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
        tracing::debug!(connections = queued.len(), "connections that were not accepted in time are refused");
        queued.iter_mut().for_each(|connection| connection.register(registry));
        let linger = move || {
            let time_limit = TimeLimit::total(Some(DISCARD_TIME));
            queued.into_iter().for_each(|connection| guarded(|| connection.linger(time_limit)));
        };
        if let Err(error) = thread::Builder::new().name("rpc-refuse".to_owned()).spawn(linger) {
            tracing::debug!(%error, "no thread for connections that are refused, they are closed at once");
        }
    }

    /// Starts a connection's thread. Without a service the connection is refused.
    fn start(&self, registry: &Arc<Registry>, parts: Parts, make: Option<MakeService>) {
        let peer = parts.peer.clone();
        let mut connection = ServerConnection::new(parts, self.config.clone());
        connection.register(registry);
        let thread = thread::Builder::new().name("rpc-connection".to_owned()).stack_size(self.config.stack_size);
        let run = move || {
            let span = tracing::debug_span!("rpc_connection", %peer);
            let _entered = span.enter();
            serve(&Rc::new(connection), make, &peer);
        };
        let started = thread.spawn(|| {
            if unwind::catch(run).is_none() {
                tracing::error!("serving a connection panicked, it is closed");
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "no thread for a connection, it is closed");
        }
    }
}

/// Makes a connection's service and serves until the connection ends.
fn serve(connection: &Rc<ServerConnection>, make: Option<MakeService>, peer: &Peer) {
    let Some(mut service) = make.and_then(|make| unwind::catch(|| make(peer))) else {
        tracing::error!("the service of a connection panicked when it was made, the connection is refused");
        return connection.refuse();
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

/// Too many open files, or no memory: connections that end may mend it. std has no kinds for the
/// former.
#[cfg(unix)]
fn may_pass(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

/// No memory: connections that end may mend it.
#[cfg(not(unix))]
fn may_pass(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}
