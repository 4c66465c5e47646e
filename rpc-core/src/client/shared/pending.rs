//! A call on a shared connection, as its caller and the connection's thread see it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::client::deadline::Deadline;
use crate::client::request::{Request, encode_json};
use crate::error::{Error, Result};

/// Bytes of a request or a reply for which a thread keeps room between its calls.
const MAX_KEPT_CAPACITY: usize = 1024;

/// A thread's call. Between calls the thread keeps it for its next one.
pub(super) struct PendingCall {
    thread: Thread,
    /// Which thread it is of those that have made such calls: they spread over the connections.
    pub(super) thread_number: usize,
    state: Mutex<Call>,
}

/// What `PendingCall::state` protects.
pub(super) struct Call {
    phase: Phase,
    /// The request's header, without the time that is left.
    pub(super) header: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) deadline: Deadline,
    /// When it failed before because its connection had ended: it needs one that was opened later.
    pub(super) failed_at: Option<Instant>,
    pub(super) reply: Vec<u8>,
}

/// Where a call stands.
enum Phase {
    /// Its thread waits.
    Open,
    /// Its reply, or why there is none, is ready.
    Over(Result<(), Failure>),
    /// Its thread waits no longer. Nobody wants the reply.
    Abandoned,
}

/// Why a call on a shared connection has no reply.
pub(super) struct Failure {
    pub(super) error: Error,
    /// When the connection failed, if it had served before, so that the failure may come from its age.
    pub(super) stale_at: Option<Instant>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, stale_at: None }
    }
}

thread_local! {
    static SPARE: RefCell<Option<Arc<PendingCall>>> = const { RefCell::new(None) };
}

/// Counts threads, so that they spread over the connections.
static THREADS: AtomicUsize = AtomicUsize::new(0);

impl PendingCall {
    /// That of the present thread.
    pub(super) fn of_this_thread() -> Arc<PendingCall> {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().take());
        spare.ok().flatten().unwrap_or_else(|| {
            let call = Call {
                phase: Phase::Open,
                header: Vec::new(),
                body: Vec::new(),
                deadline: Deadline::none(),
                failed_at: None,
                reply: Vec::new(),
            };
            let thread_number = THREADS.fetch_add(1, Ordering::Relaxed);
            Arc::new(PendingCall { thread: thread::current(), thread_number, state: Mutex::new(call) })
        })
    }

    /// Keeps it, with the room of a reply, for the thread's next call, unless somebody may still
    /// look at this one.
    pub(super) fn recycle(pending: Arc<PendingCall>, buffer: Vec<u8>) {
        {
            let mut call = pending.lock();
            if !matches!(call.phase, Phase::Open) {
                return;
            }
            call.reply = buffer;
            let Call { header, body, reply, .. } = &mut *call;
            for buffer in [header, body, reply] {
                if buffer.capacity() > MAX_KEPT_CAPACITY {
                    *buffer = Vec::new();
                }
            }
        }
        // at the end of a thread there is no next call
        _ = SPARE.try_with(|spare| *spare.borrow_mut() = Some(pending));
    }

    /// Begins the call: encodes its request. Returns `false` if its JSON is over the limit.
    pub(super) fn encode(&self, request: &Request<'_, '_>, limit: usize) -> Result<bool> {
        let mut body = std::mem::take(&mut self.lock().body);
        // this runs code of the user's, so without the lock
        let oversize = encode_json(request.json, limit, &mut body)?;
        let mut call = self.lock();
        (call.phase, call.deadline, call.failed_at, call.body) = (Phase::Open, request.deadline, None, body);
        request.encode_header(&mut call.header)?;
        Ok(oversize.is_none())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Call> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of the call; `None` if that has not come until then.
    pub(super) fn wait(&self, until: Option<Instant>) -> Option<Result<(), Failure>> {
        loop {
            if let Some(outcome) = self.lock().outcome() {
                return Some(outcome);
            }
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => return None,
                Some(left) => thread::park_timeout(left),
            }
        }
    }

    /// The call's thread waits no longer; unless the call is over, which is told.
    pub(super) fn abandon(&self) -> Option<Result<(), Failure>> {
        let mut call = self.lock();
        let outcome = call.outcome();
        if outcome.is_none() {
            call.phase = Phase::Abandoned;
        }
        outcome
    }

    /// Ends the call, unless its thread has left. The reply, if there is one, is in `bytes`, and
    /// some buffer in its place afterwards.
    pub(super) fn end(&self, outcome: Result<(), Failure>, bytes: &mut Vec<u8>) {
        let mut call = self.lock();
        if matches!(call.phase, Phase::Open) {
            if outcome.is_ok() {
                std::mem::swap(&mut call.reply, bytes);
            }
            call.phase = Phase::Over(outcome);
            drop(call);
            self.thread.unpark();
        }
    }
}

impl Call {
    /// Whether its thread waits no longer.
    pub(super) fn is_abandoned(&self) -> bool {
        matches!(self.phase, Phase::Abandoned)
    }

    /// How the call ended, which its thread is told once.
    fn outcome(&mut self) -> Option<Result<(), Failure>> {
        match std::mem::replace(&mut self.phase, Phase::Open) {
            Phase::Over(outcome) => Some(outcome),
            other => {
                self.phase = other;
                None
            }
        }
    }
}
