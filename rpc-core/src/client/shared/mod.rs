//! Connections that callers share: small calls of many threads are sent together, and their replies
//! are read together.
//!
//! A [`SharedConnection`] is a queue of calls and a thread that makes them ([`driver`]). A caller
//! puts its call into the queue and waits. Only the thread touches the connection, so callers need
//! not coordinate. The thread takes a connection from the pool when there are calls, and gives it
//! back when there are none.
//!
//! A caller whose time is over abandons its call. If the call is still queued, it is removed and
//! leaves no trace. If its request has been sent, its reply is still expected; the connection is
//! then retired, because the server may be stuck, and the queued calls get a new thread and another
//! connection. The other calls that have been sent wait on, and after the last of them the retired
//! connection is closed.
//!
//! Locks are taken in this order: `SharedConnection::state`, a call's state.

mod driver;
mod pending;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Fate, Operation, Result};

use super::deadline::Deadline;
use super::pool::Pool;
use super::repeats::Repeats;
use super::request::Request;
pub(super) use pending::OwnCall;
use pending::{Failure, PendingCall};

/// The largest JSON of a request that uses a shared connection, in bytes.
const MAX_SHARED_JSON: usize = 4 * 1024;

/// How many times a call is repeated if there are no more places than that: another connection may
/// have ended as well.
const LEAST_REPEATS: usize = 2;

/// How long the thread waits for calls before it ends.
const THREAD_IDLE_TIME: Duration = Duration::from_secs(1);

/// The connections that the callers of one client share.
pub(super) struct Sharing(Box<[Arc<SharedConnection>]>);

/// A queue of calls for one connection.
#[derive(Default)]
struct SharedConnection {
    state: Mutex<QueueState>,
    /// Signals a call to a thread that waits for calls.
    work: Condvar,
}

/// What `SharedConnection::state` protects.
#[derive(Default)]
struct QueueState {
    /// Calls whose requests have not been sent.
    queue: VecDeque<Arc<PendingCall>>,
    /// Calls have been sent and have not ended.
    busy: bool,
    /// The thread is running.
    has_thread: bool,
    /// How many connections were retired because a call on them was abandoned. The thread of a
    /// retired one takes no further calls.
    generation: u64,
}

impl SharedConnection {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a call, and starts or wakes the thread that makes it.
    fn enqueue(self: &Arc<Self>, pool: &Arc<Pool>, call: &Arc<PendingCall>) -> Result<()> {
        let mut state = self.lock();
        if !state.has_thread {
            self.start_thread(&mut state, pool)?;
        }
        // otherwise the thread is awake
        let may_sleep = state.is_free();
        state.queue.push_back(Arc::clone(call));
        drop(state);
        if may_sleep {
            self.work.notify_one();
        }
        Ok(())
    }

    fn start_thread(self: &Arc<Self>, state: &mut QueueState, pool: &Arc<Pool>) -> Result<()> {
        let (this, pool, generation) = (Arc::clone(self), Arc::downgrade(pool), state.generation);
        let run = move || driver::run(&this, &pool, generation);
        let started = thread::Builder::new().name("rpc-shared".to_owned()).spawn(run);
        started.map_err(Error::transport(Operation::Connecting, Fate::UNTOUCHED))?;
        state.has_thread = true;
        Ok(())
    }

    /// Ends a call whose time is over. If its request has been sent, the connection is retired, and
    /// the queued calls get another one.
    fn abandon(
        self: &Arc<Self>,
        pool: &Arc<Pool>,
        call: &Arc<PendingCall>,
        deadline: Deadline<'_>,
    ) -> Result<(), Failure> {
        let mut state = self.lock();
        if let Some(at) = state.queue.iter().position(|queued| Arc::ptr_eq(queued, call)) {
            state.queue.remove(at);
            return Err(deadline.error(Operation::WaitingForConnection, Fate::UNTOUCHED).into());
        }
        if let Some(outcome) = call.abandon() {
            return outcome;
        }
        // a call on a connection that is retired already says nothing about the present one
        if call.lock().generation == state.generation {
            state.generation += 1;
            (state.busy, state.has_thread) = (false, false);
            if !state.queue.is_empty()
                && let Err(error) = self.start_thread(&mut state, pool)
            {
                state.fail_queued(&error);
            }
        }
        Err(deadline.error(Operation::WaitingForReply, Fate::LOST).into())
    }

    /// Waits for calls. Returns `false` if the connection of this generation is retired, or if
    /// there were none for [`THREAD_IDLE_TIME`]; the thread then counts as ended.
    fn wait_for_calls(&self, generation: u64) -> bool {
        let idle = |state: &mut QueueState| state.generation == generation && state.queue.is_empty();
        let waited = self.work.wait_timeout_while(self.lock(), THREAD_IDLE_TIME, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.generation != generation {
            return false;
        }
        state.has_thread = !state.queue.is_empty();
        state.has_thread
    }
}

impl QueueState {
    /// Returns whether there are no calls.
    fn is_free(&self) -> bool {
        !self.busy && self.queue.is_empty()
    }

    /// Fails the queued calls, because there is no connection for them.
    fn fail_queued(&mut self, error: &Error) {
        for call in self.queue.drain(..) {
            call.end(Err(error.repeated().into()));
        }
    }
}

impl Sharing {
    /// Creates this many shared connections; `None` if `count` is 0.
    pub(super) fn new(count: usize) -> Option<Arc<Sharing>> {
        (count > 0).then(|| Arc::new(Sharing((0..count).map(|_| Arc::default()).collect())))
    }

    /// Makes a call whose request and reply are JSON, and returns it. Returns `None`, and does
    /// nothing, if the request is not small.
    pub(super) fn call(&self, pool: &Arc<Pool>, request: &mut Request<'_, '_>) -> Result<Option<OwnCall>> {
        let mut own = OwnCall::take();
        let call = &own.pending;
        match call.encode(request, MAX_SHARED_JSON.min(pool.config.settings.max_json_len)) {
            Err(Error::Limit { .. }) => return Ok(None),
            encoded => encoded?,
        }
        let deadline = request.deadline;
        let mut outcome = self.attempt(pool, call, deadline);
        let mut repeats = Repeats::new(pool, request.idempotent, LEAST_REPEATS);
        while let Err(Failure { error, lost: Some(lost) }) = &outcome
            && repeats.allow(error, lost.connection)
        {
            tracing::debug!(%error, "a shared connection failed, repeating a call on another");
            call.lock().failed_at = Some(lost.at);
            outcome = self.attempt(pool, call, deadline);
        }
        let seen = call.lock().seen.take();
        if let (Some(watched), Some(seen)) = (&mut request.watched, seen) {
            watched.saw(seen);
        }
        let outcome = outcome.map_err(|failure| repeats.error(failure.error));
        pool.budget.saw(&outcome);
        outcome?;
        own.watched = request.watched.take();
        Ok(Some(own))
    }

    /// Queues a call on a connection without calls, or otherwise on its thread's preferred one, and
    /// waits for its end.
    fn attempt(&self, pool: &Arc<Pool>, call: &Arc<PendingCall>, deadline: Deadline<'_>) -> Result<(), Failure> {
        let _waits = pool.wait_for_shared()?;
        let preferred = call.thread_number % self.0.len();
        let (before, from) = self.0.split_at(preferred);
        let free = from.iter().chain(before).find(|shared| shared.lock().is_free());
        let shared = free.unwrap_or(&self.0[preferred]);
        shared.enqueue(pool, call)?;
        match call.wait(deadline) {
            Some(outcome) => outcome,
            None => shared.abandon(pool, call, deadline),
        }
    }
}
