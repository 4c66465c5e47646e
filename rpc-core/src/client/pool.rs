//! The connections of a [`Client`](super::Client): kept between calls, and counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::error::{Fate, Misuse, Operation, Result};
use crate::transport::{Parts, Wake};

use super::back_off::scattered;
use super::budget::RetryBudget;
use super::config::{ClientConfig, Unprepared};
use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::opening::{Connector, open_once, open_with_retries};
use super::place::Stay;

/// All connections of one client. A [`Lease`](super::lease::Lease) takes one out and puts it back.
pub(crate) struct Pool {
    /// `None` if the pool has a single given connection, which nothing can replace.
    connector: Option<Connector>,
    pub(super) config: ClientConfig,
    /// The connections may lead to several places.
    pub(super) has_places: bool,
    pub(super) budget: RetryBudget,
    state: Mutex<PoolState>,
    freed: Condvar,
    /// No more calls can be made.
    closed: AtomicBool,
}

/// An idle connection and the thread that used it last. It is boxed because it moves between the
/// pool and its calls: a pointer instead of 300 bytes.
struct Idle(Box<ClientConnection>, ThreadId);

/// Opens a connection, once or with retries.
type Open = fn(&Connector, &ClientConfig, Deadline<'_>) -> Result<(Parts, Stay)>;

/// What `Pool::state` protects.
#[derive(Default)]
pub(super) struct PoolState {
    idle: Vec<Idle>,
    holders: Vec<Holder>,
    last_id: u64,
    /// Threads that wait for a connection.
    waiting: Vec<ThreadId>,
    /// Threads that wait for a call on a shared connection, which may itself have to wait for a
    /// connection.
    waiting_for_shared: Vec<ThreadId>,
    /// Threads that prepare a new connection.
    preparing: Vec<ThreadId>,
}

/// What uses a connection.
#[derive(Clone, Copy)]
pub(super) struct Holder {
    id: u64,
    /// The thread of its call, or the one that read from its stream last.
    thread: ThreadId,
}

/// Which connection a call may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    Any,
    /// A new one, because an idle one had ended when it was used.
    New,
}

impl Pool {
    pub(super) fn new(connector: Connector, config: ClientConfig) -> Pool {
        Pool::with_idle(Some(connector), config, Vec::new())
    }

    /// Creates a pool of one connection, which cannot be replaced.
    pub(super) fn of_one(connection: Box<ClientConnection>, config: ClientConfig) -> Pool {
        let config = config.max_connections(1).max_idle_connections(1);
        Pool::with_idle(None, config, vec![Idle(connection, this_thread())])
    }

    /// Takes the only connection out of a pool that nobody uses any more; `None` if it has ended.
    pub(super) fn take_only(&self) -> Option<Box<ClientConnection>> {
        self.end().pop().map(|Idle(connection, _)| connection)
    }

    fn with_idle(connector: Option<Connector>, config: ClientConfig, idle: Vec<Idle>) -> Pool {
        let shared_connections = config.shared_connections.min(config.max_connections);
        let max_idle_connections = config.max_idle_connections.max(shared_connections);
        let config = ClientConfig { shared_connections, max_idle_connections, ..config };
        let has_places = connector.as_ref().is_some_and(|connector| connector.places.may_be_several());
        let state = Mutex::new(PoolState { idle, ..PoolState::default() });
        let budget = RetryBudget::new(config.retry_budget);
        Pool { connector, config, has_places, budget, state, freed: Condvar::new(), closed: AtomicBool::new(false) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection now and keeps it, so that a wrong address is noticed at once.
    pub(super) fn warm_up(&self) -> Result<()> {
        // not under the lock, because this runs the user's code
        let mut connection = self.open_by(open_once, Deadline::none())?;
        connection.stay.iter_mut().for_each(Stay::become_idle);
        self.lock().idle.push(Idle(connection, this_thread()));
        Ok(())
    }

    /// Fails if no more calls can be made.
    pub(super) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) { Err(Misuse::Closed.into()) } else { Ok(()) }
    }

    /// Fails if this thread prepares a connection of this pool.
    fn check_not_preparing(&self) -> Result<()> {
        let prepares = self.config.on_connect.0.is_some() && self.lock().preparing.contains(&this_thread());
        if prepares { Err(Misuse::InOnConnect.into()) } else { Ok(()) }
    }

    /// Returns whether a thread waits for a connection to become free.
    pub(super) fn has_waiters(&self) -> bool {
        self.is_limited() && !self.lock().waiting.is_empty()
    }

    /// Notes that this thread waits for a call on a shared connection. Fails if the pool is closed
    /// or the wait could never end.
    ///
    /// Each such decision is made under the lock: of several threads that wait for each other, the
    /// last one fails.
    pub(super) fn wait_for_shared(&self) -> Result<SharedWait<'_>> {
        self.check_open()?;
        self.check_not_preparing()?;
        if !self.is_limited() {
            return Ok(SharedWait(None));
        }
        let mut state = self.lock();
        if !self.has_room(&state) {
            state.check_waiting()?;
        }
        state.waiting_for_shared.push(this_thread());
        Ok(SharedWait(Some(self)))
    }

    fn is_limited(&self) -> bool {
        self.config.max_connections < usize::MAX
    }

    /// Returns whether one more connection may be in use.
    pub(super) fn has_room(&self, state: &PoolState) -> bool {
        state.holders.len() < self.config.max_connections
    }

    /// Returns whether a connection that has ended can be replaced.
    pub(super) fn can_reconnect(&self) -> bool {
        self.connector.is_some()
    }

    fn connector(&self) -> Result<&Connector> {
        Ok(self.connector.as_ref().ok_or(Misuse::Closed)?)
    }

    pub(super) fn open(&self, deadline: Deadline<'_>) -> Result<Box<ClientConnection>> {
        self.check_not_preparing()?;
        self.open_by(open_with_retries, deadline)
    }

    /// Opens a connection by `open` and prepares it. If it is lost or refused meanwhile, tries
    /// other places, if there are any.
    fn open_by(&self, open: Open, deadline: Deadline<'_>) -> Result<Box<ClientConnection>> {
        let connector = self.connector()?;
        let mut tried = 1;
        loop {
            match self.prepare(open(connector, &self.config, deadline)?, deadline) {
                Err(Unprepared { error, lost: true }) if tried < self.places() && self.budget.pay() => {
                    tracing::debug!(%error, "a new connection was lost, trying another place");
                    tried += 1;
                }
                outcome => return outcome.map_err(|unprepared| unprepared.error),
            }
        }
    }

    /// Returns a new connection that calls may use, at its place.
    fn prepare(
        &self,
        (parts, stay): (Parts, Stay),
        deadline: Deadline<'_>,
    ) -> Result<Box<ClientConnection>, Unprepared> {
        let _preparing = self.config.on_connect.0.is_some().then(|| Preparing::begin(self));
        let mut connection = prepared(parts, &self.config, deadline).inspect_err(|unprepared| {
            if unprepared.lost {
                stay.failed();
            }
        })?;
        connection.stay = self.has_places.then_some(stay);
        let age = self.config.max_connection_age.map(|age| scattered(age, AGE_JITTER));
        connection.expires = age.and_then(|age| Instant::now().checked_add(age));
        Ok(connection)
    }

    /// Returns how many places there are, as far as is known.
    pub(super) fn places(&self) -> usize {
        self.connector.as_ref().map_or(0, |connector| connector.places.count())
    }

    /// Returns whether all idle connections lead to places that are avoided, and others to one that
    /// is not.
    pub(super) fn is_better_elsewhere(&self, state: &PoolState, now: Instant) -> bool {
        self.has_places
            && !state.idle.is_empty()
            && state.idle.iter().all(|Idle(connection, _)| connection.rank(now).0 > Duration::ZERO)
            && self.connector.as_ref().is_some_and(|connector| connector.places.has_good(now))
    }

    /// Takes out an idle connection, to be closed, if the limit leaves no room for a new one.
    pub(super) fn surplus(&self, state: &mut PoolState) -> Option<Box<ClientConnection>> {
        let has_room = state.holders.len() + state.idle.len() < self.config.max_connections;
        if has_room { None } else { state.idle.pop().map(|Idle(connection, _)| connection) }
    }

    /// Waits until a connection may be free, and adds the time to `waited`. Fails if that can never
    /// happen, or at the deadline.
    pub(super) fn wait<'s>(
        &'s self,
        mut state: MutexGuard<'s, PoolState>,
        deadline: Deadline<'_>,
        waited: &mut Option<Duration>,
    ) -> Result<MutexGuard<'s, PoolState>> {
        state.check_waiting()?;
        let begun = Instant::now();
        if deadline.is_over(begun) {
            return Err(deadline.error(Operation::WaitingForConnection, Fate::UNTOUCHED));
        }
        let me = this_thread();
        state.waiting.push(me);
        let left = deadline.at.map_or(Duration::MAX, |at| at.saturating_duration_since(begun));
        let outcome = self.freed.wait_timeout(state, left);
        let (mut state, _) = outcome.unwrap_or_else(PoisonError::into_inner);
        forget_thread(&mut state.waiting, me);
        let now = Instant::now();
        *waited = Some(waited.unwrap_or_default() + now.saturating_duration_since(begun));
        if deadline.is_over(now) {
            return Err(deadline.error(Operation::WaitingForConnection, Fate::UNTOUCHED));
        }
        Ok(state)
    }

    /// Wakes the waiting threads: a connection may be free, or waiting may have become hopeless.
    fn wake_waiting(&self, state: MutexGuard<'_, PoolState>) {
        let wakes = !state.waiting.is_empty();
        drop(state);
        if wakes {
            self.freed.notify_all();
        }
    }

    /// Takes back a connection, if there is one. It is kept if it is in step and there is room,
    /// otherwise closed, without the lock: closing may run a transport's or an observer's code.
    pub(super) fn put_back(&self, connection: Option<Box<ClientConnection>>, holder: Holder) {
        connection.iter().for_each(|connection| connection.judge_place());
        let mut usable = connection.filter(|connection| connection.reusable());
        usable.iter_mut().for_each(|connection| connection.become_idle());
        let old = usable.take_if(|connection| connection.is_too_old());
        let mut state = self.lock();
        if let Some(at) = state.holders.iter().rposition(|other| other.id == holder.id) {
            state.holders.swap_remove(at);
        }
        if self.check_open().is_ok() && state.idle.len() < self.config.max_idle_connections {
            state.idle.extend(usable.take().map(|connection| Idle(connection, holder.thread)));
        }
        self.wake_waiting(state);
        if let Some(surplus) = usable.or(old) {
            surplus.close_without_waiting();
        }
    }

    /// Notes that the connection is held by this thread from now on.
    pub(super) fn note_thread(&self, holder: &mut Holder) {
        if holder.thread != this_thread() {
            holder.thread = this_thread();
            let mut state = self.lock();
            state.holders.iter_mut().filter(|other| other.id == holder.id).for_each(|other| *other = *holder);
            self.wake_waiting(state);
        }
    }

    /// Closes the idle connections with a handshake each, and returns how many there were. No more
    /// calls can be made.
    pub(super) fn close(&self) -> Result<usize> {
        let idle = self.end();
        let (count, mut outcome) = (idle.len(), Ok(()));
        for Idle(connection, _) in idle {
            outcome = outcome.and(connection.close());
        }
        outcome.map(|()| count)
    }

    fn end(&self) -> Vec<Idle> {
        let mut state = self.lock();
        self.closed.store(true, Ordering::SeqCst);
        let idle = std::mem::take(&mut state.idle);
        self.wake_waiting(state);
        idle
    }
}

/// Wakes the threads that wait for a connection, because the call of one was cancelled.
impl Wake for Pool {
    fn wake(&self) {
        self.wake_waiting(self.lock());
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.end().into_iter().for_each(|Idle(connection, _)| connection.close_without_waiting());
    }
}

/// By how many percent the age of a connection differs, so that those that were opened together do
/// not end together.
const AGE_JITTER: u32 = 10;

/// Marks its thread as preparing a connection, until this is dropped.
struct Preparing<'p>(&'p Pool);

impl Preparing<'_> {
    fn begin(pool: &Pool) -> Preparing<'_> {
        pool.lock().preparing.push(this_thread());
        Preparing(pool)
    }
}

impl Drop for Preparing<'_> {
    fn drop(&mut self) {
        forget_thread(&mut self.0.lock().preparing, this_thread());
    }
}

/// Returns a new connection that calls may use: the client's hook has run.
pub(super) fn prepared(
    parts: Parts,
    config: &ClientConfig,
    deadline: Deadline<'_>,
) -> Result<Box<ClientConnection>, Unprepared> {
    let connection = Box::new(ClientConnection::new(parts, config.settings.clone()));
    match &config.on_connect.0 {
        Some(hook) => hook.prepare(connection, config.clone(), deadline),
        None => Ok(connection),
    }
}

/// Marks its thread as waiting for a call on a shared connection, until this is dropped.
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

impl PoolState {
    /// Takes the idle connection that this thread used last, or otherwise the one that became idle
    /// last. With many threads, the two ends of each connection then stay together on one
    /// processor, and neither has to wake the other. With several places, only connections to the
    /// best of them count.
    pub(super) fn take_idle(&mut self, has_places: bool, now: Instant) -> Option<Box<ClientConnection>> {
        let me = this_thread();
        let at = if has_places {
            let rank = |(_, Idle(connection, user)): &(usize, &Idle)| (connection.rank(now), *user != me);
            self.idle.iter().enumerate().rev().min_by_key(rank)?.0
        } else {
            let own = self.idle.iter().rposition(|Idle(_, user)| *user == me);
            own.or_else(|| self.idle.len().checked_sub(1))?
        };
        let Idle(mut connection, _) = self.idle.remove(at);
        connection.stay.iter_mut().for_each(|stay| stay.use_for_call(now));
        Some(connection)
    }

    /// Counts one more connection as used by a call of this thread.
    pub(super) fn hold(&mut self) -> Holder {
        self.last_id += 1;
        let holder = Holder { id: self.last_id, thread: this_thread() };
        self.holders.push(holder);
        holder
    }

    /// Fails if waiting is hopeless: if each connection is held by this thread, or by one that
    /// waits as well.
    fn check_waiting(&self) -> Result<()> {
        let stuck = |thread| {
            thread == this_thread() || self.waiting.contains(&thread) || self.waiting_for_shared.contains(&thread)
        };
        let hopeless = self.holders.iter().all(|holder| stuck(holder.thread));
        if hopeless { Err(Misuse::Busy.into()) } else { Ok(()) }
    }
}

/// Returns the current thread's id. [`thread::current`] would count references each time.
fn this_thread() -> ThreadId {
    thread_local! {
        static ID: ThreadId = thread::current().id();
    }
    ID.with(|id| *id)
}
