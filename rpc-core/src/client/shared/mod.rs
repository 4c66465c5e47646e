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
mod reading;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::codec::Encode;
use crate::error::{Error, Fate, Misuse, Operation, Result};
use crate::message::Metadata;
use crate::message::json::JsonBuffer;

use super::options::Deadline;
use super::pool::Pool;
use pending::{Failure, PendingCall};

/// The most bytes of a request's JSON that goes over a shared connection.
const SMALL: usize = 4 * 1024;

/// How often a call is made that certainly never ran, because its connection had ended.
const ATTEMPTS: usize = 3;

/// How long the thread stays when there are no calls.
const STAY: Duration = Duration::from_secs(1);

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

    /// Queues a call where nobody else's is, or else at the shared connection that is its thread's
    /// home.
    fn join(&self, pool: &Arc<Pool>, call: &Arc<PendingCall>, anew: bool) -> Result<Arc<SharedConnection>> {
        let home = call.number % self.0.len();
        for at in (home..self.0.len()).chain(0..home) {
            let shared = self.get(at);
            if shared.join(pool, call, false, anew)? {
                return Ok(shared);
            }
        }
        let shared = self.get(home);
        shared.join(pool, call, true, anew)?;
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
    state: Mutex<State>,
    /// There is a call for a thread that sleeps.
    work: Condvar,
}

/// What `SharedConnection::state` protects.
#[derive(Default)]
struct State {
    /// Calls whose requests have not been sent.
    queue: VecDeque<Arc<PendingCall>>,
    /// Calls have been sent and are not over.
    busy: bool,
    /// There is a thread.
    driven: bool,
    /// It waits for calls.
    sleeps: bool,
    /// The present connection serves no further calls, because the time of one of them was over.
    retired: bool,
    /// An idle connection had ended under a call: the next one has to be new.
    wants_new: bool,
}

impl SharedConnection {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Queues a call, unless others are there and it may go elsewhere; tells whether it did.
    fn join(
        self: &Arc<Self>,
        pool: &Arc<Pool>,
        call: &Arc<PendingCall>,
        behind_others: bool,
        anew: bool,
    ) -> Result<bool> {
        let mut state = self.lock();
        if !behind_others && (state.busy || !state.queue.is_empty()) {
            return Ok(false);
        }
        if !state.driven {
            let (this, pool) = (Arc::clone(self), Arc::downgrade(pool));
            let started = thread::Builder::new().name("rpc-shared".to_owned()).spawn(move || driver::run(&this, &pool));
            started.map_err(|error| Error::Transport {
                operation: Operation::Connecting,
                error,
                fate: Fate::UNTOUCHED,
            })?;
            state.driven = true;
        }
        state.queue.push_back(Arc::clone(call));
        state.wants_new |= anew;
        if std::mem::take(&mut state.sleeps) {
            drop(state);
            self.work.notify_one();
        }
        Ok(true)
    }

    /// Ends a call whose time is over. If its request has been sent, those in the queue go
    /// elsewhere.
    fn leave(
        &self,
        sharing: &Sharing,
        pool: &Arc<Pool>,
        call: &Arc<PendingCall>,
        deadline: Deadline,
    ) -> Result<(), Failure> {
        let limit = deadline.limit.unwrap_or_default();
        let mut state = self.lock();
        if let Some(at) = state.queue.iter().position(|queued| Arc::ptr_eq(queued, call)) {
            state.queue.remove(at);
            let (operation, fate) = (Operation::WaitingForConnection, Fate::UNTOUCHED);
            return Err(Error::Deadline { operation, limit, fate }.into());
        }
        if let Some(outcome) = call.leave() {
            return outcome;
        }
        state.retired = true;
        let queue = std::mem::take(&mut state.queue);
        drop(state);
        sharing.replace(self);
        for queued in queue {
            if let Err(error) = sharing.join(pool, &queued, false) {
                queued.end(Err(error.into()), &mut Vec::new());
            }
        }
        Err(Error::Deadline { operation: Operation::WaitingForReply, limit, fate: Fate::LOST }.into())
    }

    /// Waits for calls; `false` when there were none for a while, and then the thread counts as
    /// ended.
    fn wait_for_calls(&self) -> bool {
        let mut state = self.lock();
        state.sleeps = state.queue.is_empty();
        let (mut state, _) = self
            .work
            .wait_timeout_while(state, STAY, |state| state.queue.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        state.sleeps = false;
        state.driven = !state.queue.is_empty();
        state.driven
    }
}

/// A reply of JSON, until it has been decoded.
pub(in crate::client) struct Reply {
    call: Option<Arc<PendingCall>>,
    bytes: Vec<u8>,
}

impl Reply {
    pub(in crate::client) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            PendingCall::keep(call, std::mem::take(&mut self.bytes));
        }
    }
}

/// A call whose argument is small enough for a shared connection.
pub(in crate::client) struct SmallCall(Arc<PendingCall>);

impl SmallCall {
    /// Encodes the argument; `None` if it is too large.
    pub(in crate::client) fn new(argument: &dyn Encode, max_len: usize) -> Result<Option<SmallCall>> {
        let call = PendingCall::take();
        let mut body = std::mem::take(&mut call.lock().body);
        let mut buffer = JsonBuffer::new(&mut body, SMALL.min(max_len));
        argument.encode(&mut buffer).map_err(|error| Misuse::Encode { problem: error.to_string() })?;
        let small = buffer.oversize().is_none();
        call.lock().body = body;
        if small {
            return Ok(Some(SmallCall(call)));
        }
        PendingCall::keep(call, Vec::new());
        Ok(None)
    }

    /// Makes the call over one of the shared connections, which are the pool's.
    pub(in crate::client) fn make(
        self,
        sharing: &Sharing,
        pool: &Arc<Pool>,
        endpoint: &str,
        deadline: Deadline,
        metadata: &Metadata<'_>,
    ) -> Result<Reply> {
        let SmallCall(call) = self;
        call.lock().begin(endpoint, deadline, metadata)?;
        let mut outcome = attempt(sharing, pool, &call, deadline, false);
        for _ in 1..ATTEMPTS {
            match &outcome {
                Err(Failure { error, aged: true }) if error.was_lost() && pool.can_reconnect() => {
                    tracing::debug!(%error, "the shared connection had ended, trying another");
                }
                _ => break,
            }
            outcome = attempt(sharing, pool, &call, deadline, true);
        }
        let bytes = std::mem::take(&mut call.lock().reply);
        let reply = Reply { call: Some(call), bytes };
        outcome.map(|()| reply).map_err(|failure| failure.error)
    }
}

/// Makes a call and waits for its end.
fn attempt(
    sharing: &Sharing,
    pool: &Arc<Pool>,
    call: &Arc<PendingCall>,
    deadline: Deadline,
    anew: bool,
) -> Result<(), Failure> {
    let _waits = pool.wait_for_shared()?;
    let shared = sharing.join(pool, call, anew)?;
    match call.wait(deadline.at) {
        Some(outcome) => outcome,
        None => shared.leave(sharing, pool, call, deadline),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
