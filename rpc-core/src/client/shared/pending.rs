//! A call on a shared connection, as its caller and the connection's thread see it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::client::deadline::Deadline;
use crate::client::repeats::Connection;
use crate::client::request::Request;
use crate::client::watched::{Seen, WatchedCall};
use crate::connection::trim;
use crate::error::{Error, Fate, Result};
use crate::message::Violation;

/// The largest buffer, in bytes, that a thread keeps for its next call.
const MAX_KEPT_CAPACITY: usize = 1024;

/// A call of one thread, which keeps it between its calls.
pub(super) struct PendingCall {
    thread: Thread,
    /// Numbers the threads that make such calls, so that they spread over the connections.
    pub(super) thread_number: usize,
    state: Mutex<CallState>,
}

/// What `PendingCall::state` protects.
pub(super) struct CallState {
    /// Set when its reply or its error is ready, until its thread takes it.
    outcome: Option<Result<(), Failure>>,
    /// Its thread waits no longer, and the reply is not wanted.
    pub(super) abandoned: bool,
    /// The request's header, without the time left.
    pub(super) header: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) deadline: Deadline<'static>,
    /// When it failed on a connection that had ended: the next one must have been opened later.
    pub(super) failed_at: Option<Instant>,
    pub(super) reply: Vec<u8>,
    /// The generation of the connection that its request was sent on.
    pub(super) generation: u64,
    /// What connections have shown of the call; `None` if nobody wants to know.
    pub(super) seen: Option<Seen>,
}

/// Why a call on a shared connection has no reply.
pub(super) struct Failure {
    pub(super) error: Error,
    /// The connection, if it has failed.
    pub(super) lost: Option<Lost>,
}

/// A connection that has failed, and when.
#[derive(Clone, Copy)]
pub(super) struct Lost {
    pub(super) at: Instant,
    pub(super) connection: Connection,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, lost: None }
    }
}

thread_local! {
    static SPARE: RefCell<Option<Arc<PendingCall>>> = const { RefCell::new(None) };
}

/// The number of threads so far.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// A call as its caller holds it, until its reply has been decoded.
pub(in crate::client) struct OwnCall {
    pub(super) pending: Arc<PendingCall>,
    /// The call, if it has a reply and somebody wants to know about it.
    pub(super) watched: Option<Box<WatchedCall>>,
}

impl OwnCall {
    /// Takes the current thread's call.
    pub(super) fn take() -> OwnCall {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().take());
        let pending = spare.ok().flatten().unwrap_or_else(|| {
            let call = CallState {
                outcome: None,
                abandoned: false,
                header: Vec::new(),
                body: Vec::new(),
                deadline: Deadline::none(),
                failed_at: None,
                reply: Vec::new(),
                generation: 0,
                seen: None,
            };
            let thread_number = THREADS.fetch_add(1, Ordering::Relaxed);
            Arc::new(PendingCall { thread: thread::current(), thread_number, state: Mutex::new(call) })
        });
        OwnCall { pending, watched: None }
    }

    /// Decodes its reply.
    pub(in crate::client) fn json<T>(&mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T> {
        // not under the lock, because this runs the user's code
        let reply = std::mem::take(&mut self.pending.lock().reply);
        let decoded = decode(&reply);
        self.pending.lock().reply = reply;
        let decoded = decoded.map_err(|violation| Error::Protocol { violation, fate: Fate::IN_STEP });
        decoded.inspect_err(|error| self.watched.iter_mut().for_each(|watched| watched.failed(error)))
    }
}

impl Drop for OwnCall {
    /// Keeps it for the thread's next call, unless the connection's thread may still use this one.
    fn drop(&mut self) {
        let CallState { abandoned, header, body, reply, .. } = &mut *self.pending.lock();
        if *abandoned {
            return;
        }
        for buffer in [header, body, reply] {
            trim(buffer, MAX_KEPT_CAPACITY);
        }
        // a thread that is ending makes no further call
        _ = SPARE.try_with(|spare| *spare.borrow_mut() = Some(Arc::clone(&self.pending)));
    }
}

impl PendingCall {
    /// Begins the call by encoding its request. Fails with [`Error::Limit`] if its JSON has more
    /// than `limit` bytes.
    pub(super) fn encode(&self, request: &Request<'_, '_>, limit: usize) -> Result<()> {
        let mut body = std::mem::take(&mut self.lock().body);
        // not under the lock, because this runs the user's code
        let encoded = request.encode_json(limit, &mut body);
        let mut call = self.lock();
        (call.deadline, call.failed_at, call.body) = (request.deadline.or_cancelled_by(None), None, body);
        call.seen = request.watched.is_some().then(Seen::default);
        encoded.and_then(|()| request.encode_header(&mut call.header))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, CallState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of the call. Returns `None` if it has not ended when it has to be over.
    pub(super) fn wait(&self, deadline: Deadline<'_>) -> Option<Result<(), Failure>> {
        let _registered = deadline.unpark_this_thread();
        loop {
            if let Some(outcome) = self.lock().outcome.take() {
                return Some(outcome);
            }
            if deadline.is_cancelled() {
                return None;
            }
            match deadline.at.map(|until| until.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => return None,
                Some(left) => thread::park_timeout(left),
            }
        }
    }

    /// Abandons the call: its thread waits no longer. If it has ended already, returns its outcome.
    pub(super) fn abandon(&self) -> Option<Result<(), Failure>> {
        let mut call = self.lock();
        call.abandoned = call.outcome.is_none();
        call.outcome.take()
    }

    /// Ends the call, unless its thread has abandoned it. After `Ok`, the reply is in its state.
    pub(super) fn end(&self, outcome: Result<(), Failure>) {
        let mut call = self.lock();
        if !call.abandoned {
            call.outcome = Some(outcome);
            drop(call);
            self.thread.unpark();
        }
    }
}
