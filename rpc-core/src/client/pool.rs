//! The connections behind a [`Client`](super::Client): opened when none is idle, kept when a call is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use crate::error::{Fate, Misuse, Operation, Result};
use crate::transport::Parts;

use super::config::ClientConfig;
use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::opening::{Connector, open_once, open_patiently};

/// All connections of one client.
pub(crate) struct Pool {
    /// `None` where there is a single given transport, which nothing can replace.
    connector: Option<Connector>,
    pub(crate) config: ClientConfig,
    state: Mutex<PoolState>,
    freed: Condvar,
    /// No call can be made any more.
    ended: AtomicBool,
}

/// A connection that nobody uses.
struct Idle {
    /// Boxed, for a connection moves between the pool and its calls: one pointer, not 300 bytes.
    connection: Box<ClientConnection>,
    last_user: ThreadId,
}

/// What `Pool::state` protects.
#[derive(Default)]
struct PoolState {
    idle: Vec<Idle>,
    /// Who holds the connections that are in use, each in a place of its own.
    holders: Vec<Option<Holder>>,
    /// The places that nobody has.
    vacant: Vec<usize>,
    /// Threads that wait for one.
    waiting: Vec<ThreadId>,
    /// Threads that wait for a call on a shared one, which may have to wait for one in turn.
    waiting_for_shared: Vec<ThreadId>,
}

#[derive(Clone, Copy)]
struct Holder {
    thread: ThreadId,
    /// Held by a stream: its thread has to act for it to be freed. A call in progress frees it by itself.
    stream: bool,
}

/// The right to one of the pool's connections, and a note of who has it.
pub(crate) struct Ticket {
    place: usize,
    thread: ThreadId,
}

impl Pool {
    pub(crate) fn new(connector: Connector, config: ClientConfig) -> Pool {
        Pool::with_idle(Some(connector), config, Vec::new())
    }

    /// A pool of one connection, which cannot be replaced.
    pub(crate) fn of_one(parts: Parts, config: ClientConfig) -> Pool {
        let config = config.max_connections(1).max_idle_connections(1);
        let idle =
            Idle { connection: Box::new(ClientConnection::new(parts, config.clone())), last_user: this_thread() };
        Pool::with_idle(None, config, vec![idle])
    }

    fn with_idle(connector: Option<Connector>, config: ClientConfig, idle: Vec<Idle>) -> Pool {
        let shared = config.shared_connections.min(config.max_connections);
        let max_idle_connections = config.max_idle_connections.max(shared);
        let config = ClientConfig { shared_connections: shared, max_idle_connections, ..config };
        Pool {
            connector,
            config,
            state: Mutex::new(PoolState { idle, ..PoolState::default() }),
            freed: Condvar::new(),
            ended: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection now and keeps it, so that a wrong address is noticed at once.
    pub(crate) fn warm_up(&self) -> Result<()> {
        let connector = self.connector.as_ref().ok_or(Misuse::Closed)?;
        let connection = open_once(connector, &self.config, Deadline::none())?;
        self.lock().idle.push(Idle { connection, last_user: this_thread() });
        Ok(())
    }

    /// How many connections callers share.
    pub(super) fn shared_count(&self) -> usize {
        self.config.shared_connections
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Whether anybody waits for a connection to be free.
    pub(super) fn is_waited_for(&self) -> bool {
        self.is_limited() && !self.lock().waiting.is_empty()
    }

    /// Notes that this thread waits for a call on a shared connection, unless the pool has ended or it would wait in vain.
    ///
    /// Under the lock, like each such decision: of several threads that wait for one another the last one finds out.
    pub(super) fn wait_for_shared(&self) -> Result<SharedWait<'_>> {
        if self.has_ended() {
            return Err(Misuse::Closed.into());
        }
        if !self.is_limited() {
            return Ok(SharedWait(None));
        }
        let mut state = self.lock();
        if state.held() >= self.config.max_connections && state.waiting_is_hopeless() {
            return Err(Misuse::Busy.into());
        }
        state.waiting_for_shared.push(this_thread());
        Ok(SharedWait(Some(self)))
    }

    fn is_limited(&self) -> bool {
        self.config.max_connections < usize::MAX
    }

    /// Whether a connection that has ended can be replaced.
    pub(crate) fn can_reconnect(&self) -> bool {
        self.connector.is_some()
    }

    /// An idle connection, or a new one, or the next that is freed; and whether it is new. With `only_new` idle ones are
    /// passed over, and closed where there is no room else.
    pub(super) fn acquire(&self, deadline: Deadline, only_new: bool) -> Result<(Box<ClientConnection>, Ticket, bool)> {
        let mut state = self.lock();
        loop {
            if self.has_ended() {
                return Err(Misuse::Closed.into());
            }
            while !only_new && let Some(mut connection) = state.take_idle() {
                let place = Reserved::new(self, state.hold());
                // looking at it may cost a system call, and nobody is to wait for that
                drop(state);
                match connection.check_idle(deadline.begun) {
                    Ok(()) => return Ok((connection, place.take(), false)),
                    Err(error) if self.connector.is_none() => return Err(error),
                    Err(error) => tracing::debug!(%error, "an idle connection is replaced"),
                }
                drop(place);
                state = self.lock();
            }
            if only_new && state.held() + state.idle.len() >= self.config.max_connections {
                state.idle.pop();
            }
            if state.held() < self.config.max_connections {
                let connector = self.connector.as_ref().ok_or(Misuse::Closed)?;
                let place = Reserved::new(self, state.hold());
                drop(state);
                let connection = open_patiently(connector, &self.config, deadline)?;
                return Ok((connection, place.take(), true));
            }
            if state.waiting_is_hopeless() {
                return Err(Misuse::Busy.into());
            }
            state = self.wait(state, deadline)?;
        }
    }

    fn wait<'s>(
        &'s self,
        mut state: MutexGuard<'s, PoolState>,
        deadline: Deadline,
    ) -> Result<MutexGuard<'s, PoolState>> {
        let me = this_thread();
        state.waiting.push(me);
        let (mut state, late) = match deadline.at {
            None => (self.freed.wait(state).unwrap_or_else(PoisonError::into_inner), false),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                let (state, _) = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
                (state, Instant::now() >= deadline)
            }
        };
        forget_thread(&mut state.waiting, me);
        if late {
            return Err(deadline.error(Operation::WaitingForConnection, Fate::UNTOUCHED));
        }
        Ok(state)
    }

    /// Wakes those that wait: for a connection, or to find out that waiting has become hopeless.
    fn tell_waiting(&self, state: MutexGuard<'_, PoolState>) {
        let anybody = !state.waiting.is_empty();
        drop(state);
        if anybody {
            self.freed.notify_all();
        }
    }

    /// Takes a connection back: kept if it is in step and there is room, else closed.
    pub(crate) fn release(&self, mut connection: Box<ClientConnection>, ticket: &Ticket) {
        connection.rest();
        let mut state = self.lock();
        state.forget(ticket);
        let surplus =
            if connection.reusable() && !self.has_ended() && state.idle.len() < self.config.max_idle_connections {
                state.idle.push(Idle { connection, last_user: ticket.thread });
                None
            } else {
                Some(connection)
            };
        self.tell_waiting(state);
        if let Some(connection) = surplus.filter(|connection| connection.reusable()) {
            connection.leave();
        }
    }

    /// Notes that a stream holds the connection, and which thread touched it last.
    pub(crate) fn touch(&self, ticket: &mut Ticket) {
        let me = this_thread();
        if ticket.thread != me {
            ticket.thread = me;
            self.note_stream(ticket);
        }
    }

    pub(crate) fn note_stream(&self, ticket: &Ticket) {
        let mut state = self.lock();
        state.holders[ticket.place] = Some(Holder { thread: ticket.thread, stream: true });
        self.tell_waiting(state);
    }

    /// Closes the idle connections with a handshake each; no call can be made any more.
    pub(crate) fn close(&self) -> Result<()> {
        let idle = self.end();
        let mut outcome = Ok(());
        for Idle { connection, .. } in idle {
            let closed = connection.close();
            outcome = outcome.and(closed);
        }
        outcome
    }

    fn end(&self) -> Vec<Idle> {
        let mut state = self.lock();
        self.ended.store(true, Ordering::SeqCst);
        let idle = std::mem::take(&mut state.idle);
        self.tell_waiting(state);
        idle
    }
}

/// A thread that waits for a call on a shared connection, until this is dropped.
pub(super) struct SharedWait<'p>(Option<&'p Pool>);

impl Drop for SharedWait<'_> {
    fn drop(&mut self) {
        if let Some(pool) = self.0 {
            forget_thread(&mut pool.lock().waiting_for_shared, this_thread());
        }
    }
}

fn forget_thread(threads: &mut Vec<ThreadId>, thread: ThreadId) {
    if let Some(at) = threads.iter().position(|&other| other == thread) {
        threads.swap_remove(at);
    }
}

/// A place among the connections that is given back unless a connection takes it: also if the user's connector panics.
struct Reserved<'p> {
    pool: &'p Pool,
    ticket: Option<Ticket>,
}

impl Reserved<'_> {
    fn new(pool: &Pool, ticket: Ticket) -> Reserved<'_> {
        Reserved { pool, ticket: Some(ticket) }
    }

    fn take(mut self) -> Ticket {
        self.ticket.take().expect("it is taken once")
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = &self.ticket {
            let mut state = self.pool.lock();
            state.forget(ticket);
            self.pool.tell_waiting(state);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.end().into_iter().for_each(|idle| idle.connection.leave());
    }
}

impl PoolState {
    /// The idle connection that this thread used last, or else the one that anybody did. Where many threads call, the two
    /// ends of each connection then stay together on a processor, and none has to wake the other.
    fn take_idle(&mut self) -> Option<Box<ClientConnection>> {
        let me = this_thread();
        let own = self.idle.iter().rposition(|idle| idle.last_user == me);
        let idle = match own {
            Some(at) => Some(self.idle.remove(at)),
            None => self.idle.pop(),
        };
        idle.map(|idle| idle.connection)
    }

    fn hold(&mut self) -> Ticket {
        let thread = this_thread();
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.holders.push(None);
            self.holders.len() - 1
        });
        self.holders[place] = Some(Holder { thread, stream: false });
        Ticket { place, thread }
    }

    fn forget(&mut self, ticket: &Ticket) {
        self.holders[ticket.place] = None;
        self.vacant.push(ticket.place);
    }

    /// How many connections are in use.
    fn held(&self) -> usize {
        self.holders.len() - self.vacant.len()
    }

    /// Whether every connection is held by a stream of this thread, or of one that waits as well.
    fn waiting_is_hopeless(&self) -> bool {
        let me = this_thread();
        let waits = |thread| self.waiting.contains(&thread) || self.waiting_for_shared.contains(&thread);
        self.holders.iter().flatten().all(|holder| holder.stream && (holder.thread == me || waits(holder.thread)))
    }
}

/// The present thread. Asking the system's library for it each time would count references to what it knows of the thread.
pub(super) fn this_thread() -> ThreadId {
    thread_local! {
        static ID: ThreadId = thread::current().id();
    }
    ID.with(|id| *id)
}
