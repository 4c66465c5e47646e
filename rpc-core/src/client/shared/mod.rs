//! Connections that callers share: small calls of many threads leave together, and their replies
//! are read together.
//!
//! A [`SharedConnection`] is a queue of calls and a thread that makes them ([`driver`]). A caller
//! puts its call into the queue and waits. Only the thread touches the connection, so nothing has
//! to be agreed on between callers. It takes a connection from the pool when there are calls, and
//! gives it back when there are none.
//!
//! A caller whose time is over leaves: from the queue, as if it had never been there; or, when its
//! request has been sent, with the reply owed still. Then the pool gets a new shared connection in
//! place of this one, because the server may be stuck, and those in the queue go there. Those whose
//! requests have been sent wait on, and after the last the old connection is closed.
//!
//! Locks are taken in this order: a place in `Sharing`, `SharedConnection::state`, that of a call.

mod driver;
mod pending;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Fate, Operation, Result};

use super::deadline::Deadline;
use super::pool::Pool;
use super::request::Request;
use pending::{Failure, PendingCall};

/// The most bytes of a request's JSON that goes over a shared connection.
const MAX_SHARED_JSON: usize = 4 * 1024;

/// How often a call is made that certainly never ran, because its connection had ended.
const MAX_ATTEMPTS: usize = 3;

/// How long the thread stays when there are no calls.
const THREAD_IDLE_TIME: Duration = Duration::from_secs(1);

/// The connections that the callers of one client share.
pub(super) struct Sharing(Box<[Mutex<Arc<SharedConnection>>]>);

impl Sharing {
    /// So many, unless that is none.
    pub(super) fn new(count: usize) -> Option<Arc<Sharing>> {
        (count > 0).then(|| Arc::new(Sharing((0..count).map(|_| Mutex::default()).collect())))
    }

    fn get(&self, at: usize) -> Arc<SharedConnection> {
        Arc::clone(&lock(&self.0[at]))
    }

    /// Queues a call on a connection that no other call is on, or otherwise on the one that is its thread's home.
    fn enqueue(&self, pool: &Arc<Pool>, call: &Arc<PendingCall>) -> Result<Arc<SharedConnection>> {
        let preferred = call.thread_number % self.0.len();
        let mut places = (preferred..self.0.len()).chain(0..preferred).map(|at| self.get(at));
        let shared = places.find(|shared| shared.is_free()).unwrap_or_else(|| self.get(preferred));
        shared.enqueue(pool, call)?;
        Ok(shared)
    }

    /// Puts a new one in the place of this one, if it is still there.
    fn replace(&self, old: &SharedConnection) {
        for place in &self.0 {
            let mut shared = lock(place);
            if std::ptr::eq(&raw const **shared, old) {
                *shared = Arc::default();
            }
        }
    }
}

/// A queue of calls for one connection.
#[derive(Default)]
struct SharedConnection {
    state: Mutex<QueueState>,
    /// There is a call for a thread that sleeps.
    work: Condvar,
}

/// What `SharedConnection::state` protects.
#[derive(Default)]
struct QueueState {
    /// Calls whose requests have not been sent.
    queue: VecDeque<Arc<PendingCall>>,
    /// Calls have been sent and are not over.
    busy: bool,
    /// There is a thread.
    has_thread: bool,
    /// It waits for calls.
    thread_sleeps: bool,
    /// The present connection serves no further calls, because the time of one of them was over.
    retired: bool,
}

impl SharedConnection {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        lock(&self.state)
    }

    /// Whether no call is on it.
    fn is_free(&self) -> bool {
        let state = self.lock();
        !state.busy && state.queue.is_empty()
    }

    /// Queues a call, and starts or wakes the thread that makes it.
    fn enqueue(self: &Arc<Self>, pool: &Arc<Pool>, call: &Arc<PendingCall>) -> Result<()> {
        let mut state = self.lock();
        if !state.has_thread {
            let (this, pool) = (Arc::clone(self), Arc::downgrade(pool));
            let started = thread::Builder::new().name("rpc-shared".to_owned()).spawn(move || driver::run(&this, &pool));
            started.map_err(Error::transport(Operation::Connecting, Fate::UNTOUCHED))?;
            state.has_thread = true;
        }
        state.queue.push_back(Arc::clone(call));
        if std::mem::take(&mut state.thread_sleeps) {
            drop(state);
            self.work.notify_one();
        }
        Ok(())
    }

    /// Ends a call whose time is over. If its request has been sent, those in the queue go
    /// elsewhere.
    fn abandon(
        &self,
        sharing: &Sharing,
        pool: &Arc<Pool>,
        call: &Arc<PendingCall>,
        deadline: Deadline,
    ) -> Result<(), Failure> {
        let mut state = self.lock();
        if let Some(at) = state.queue.iter().position(|queued| Arc::ptr_eq(queued, call)) {
            state.queue.remove(at);
            return Err(deadline.error(Operation::WaitingForConnection, Fate::UNTOUCHED).into());
        }
        if let Some(outcome) = call.abandon() {
            return outcome;
        }
        state.retired = true;
        let queue = std::mem::take(&mut state.queue);
        drop(state);
        sharing.replace(self);
        for queued in queue {
            if let Err(error) = sharing.enqueue(pool, &queued) {
                queued.end(Err(error.into()), &mut Vec::new());
            }
        }
        Err(deadline.error(Operation::WaitingForReply, Fate::LOST).into())
    }

    /// Waits for calls; `false` when there were none for a while, and then the thread counts as
    /// ended.
    fn wait_for_calls(&self) -> bool {
        let mut state = self.lock();
        state.thread_sleeps = state.queue.is_empty();
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, THREAD_IDLE_TIME, |state| state.queue.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        state.thread_sleeps = false;
        state.has_thread = !state.queue.is_empty();
        state.has_thread
    }
}

/// A reply of JSON, until it has been decoded.
pub(super) struct SharedReply {
    call: Option<Arc<PendingCall>>,
    bytes: Vec<u8>,
}

impl SharedReply {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for SharedReply {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            PendingCall::recycle(call, std::mem::take(&mut self.bytes));
        }
    }
}

impl Sharing {
    /// Makes a call of JSON for JSON. Returns `None`, and does nothing, if its request is not a small one.
    pub(super) fn call(&self, pool: &Arc<Pool>, request: &Request<'_, '_>) -> Result<Option<SharedReply>> {
        if request.octets.is_some() {
            return Ok(None);
        }
        let call = PendingCall::of_this_thread();
        if !call.encode(request, MAX_SHARED_JSON.min(pool.config.max_json_len))? {
            PendingCall::recycle(call, Vec::new());
            return Ok(None);
        }
        let deadline = request.deadline;
        let mut outcome = self.attempt(pool, &call, deadline);
        for _ in 1..MAX_ATTEMPTS {
            match &outcome {
                Err(Failure { error, stale_at: Some(at) }) if error.was_lost() && pool.can_reconnect() => {
                    tracing::debug!(%error, "the shared connection had ended, trying another");
                    call.lock().failed_at = Some(*at);
                }
                _ => break,
            }
            outcome = self.attempt(pool, &call, deadline);
        }
        let bytes = std::mem::take(&mut call.lock().reply);
        let reply = SharedReply { call: Some(call), bytes };
        outcome.map(|()| Some(reply)).map_err(|failure| failure.error)
    }

    /// Queues a call and waits for its end.
    fn attempt(&self, pool: &Arc<Pool>, call: &Arc<PendingCall>, deadline: Deadline) -> Result<(), Failure> {
        let _waits = pool.wait_for_shared()?;
        let shared = self.enqueue(pool, call)?;
        match call.wait(deadline.at) {
            Some(outcome) => outcome,
            None => shared.abandon(self, pool, call, deadline),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
