//! A call on a shared connection, as its thread and whoever drives the connection see it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread, ThreadId};
use std::time::Instant;

use crate::error::{Error, Misuse, Result};
use crate::message::{DataType, MAX_HEADER_LEN_WRITTEN, Metadata, RequestHeader, timeout_len};

use super::super::options::Deadline;
use super::super::pool::this_thread;
use super::driver::Driver;

/// Bytes of a request or a reply for which a thread keeps room between its calls.
const KEPT: usize = 1024;

/// A thread's call. Between calls the thread keeps it for its next one.
pub(in crate::client) struct Slot {
    thread: Thread,
    /// Which thread it is of those that have made such calls: they spread over the connections.
    pub(super) number: usize,
    /// Its thread has decided to wait for whoever leads. Until then it may hear that waiting could not end.
    waits: AtomicBool,
    state: Mutex<Call>,
}

/// What `Slot::state` protects.
pub(super) struct Call {
    pub(super) phase: Phase,
    /// The request's header, without the time that is left.
    pub(super) header: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) deadline: Deadline,
    pub(super) reply: Vec<u8>,
}

/// Where a call stands.
pub(super) enum Phase {
    /// Its thread waits, or drives the connection itself.
    Open,
    /// Its thread is to drive the connection from here on.
    Leads(Box<Driver>),
    /// Its reply, or why there is none, stands ready.
    Over(Result<(), Failure>),
    /// Its thread waits no longer. Nobody wants the reply.
    Left,
}

/// Why a call on a shared connection has no reply.
pub(super) struct Failure {
    pub(super) error: Error,
    /// The connection had served before, so that the failure may come from its age.
    pub(super) aged: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, aged: false }
    }
}

/// What a thread that waited has found.
pub(super) enum Event {
    Leads(Box<Driver>),
    Over(Result<(), Failure>),
    TimedOut,
}

thread_local! {
    static SPARE: RefCell<Option<Arc<Slot>>> = const { RefCell::new(None) };
}

/// Counts threads, so that they spread over the connections.
static THREADS: AtomicUsize = AtomicUsize::new(0);

impl Slot {
    /// That of the present thread.
    pub(super) fn take() -> Arc<Slot> {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().take());
        spare.ok().flatten().unwrap_or_else(|| {
            let call = Call {
                phase: Phase::Open,
                header: Vec::new(),
                body: Vec::new(),
                deadline: Deadline::none(),
                reply: Vec::new(),
            };
            let number = THREADS.fetch_add(1, Ordering::Relaxed);
            Arc::new(Slot { thread: thread::current(), number, waits: AtomicBool::new(false), state: Mutex::new(call) })
        })
    }

    /// Keeps it for the thread's next call, unless somebody may still look at this one.
    pub(super) fn keep(this: Arc<Slot>) {
        {
            let mut call = this.lock();
            if !matches!(call.phase, Phase::Open) {
                return;
            }
            let Call { header, body, reply, .. } = &mut *call;
            for buffer in [header, body, reply] {
                if buffer.capacity() > KEPT {
                    *buffer = Vec::new();
                }
            }
        }
        // at the end of a thread there is no next call
        _ = SPARE.try_with(|spare| *spare.borrow_mut() = Some(this));
    }

    pub(super) fn is_of(&self, thread: ThreadId) -> bool {
        self.thread.id() == thread
    }

    /// Whether its thread waits for whoever leads.
    pub(super) fn waits(&self) -> bool {
        self.waits.load(Ordering::SeqCst)
    }

    pub(in crate::client) fn set_waits(&self, waits: bool) {
        self.waits.store(waits, Ordering::SeqCst);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Call> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to do for the thread, or until then.
    pub(super) fn wait(&self, until: Option<Instant>) -> Event {
        loop {
            if let Some(event) = self.lock().event() {
                return event;
            }
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(left) if left.is_zero() => return Event::TimedOut,
                Some(left) => thread::park_timeout(left),
            }
        }
    }

    /// Ends the call, unless its thread has left. The reply, if there is one, stands in `bytes`, and some buffer in its place
    /// afterwards.
    pub(super) fn end(&self, outcome: Result<(), Failure>, bytes: &mut Vec<u8>) {
        let mut call = self.lock();
        if matches!(call.phase, Phase::Open) {
            if outcome.is_ok() {
                std::mem::swap(&mut call.reply, bytes);
            }
            call.phase = Phase::Over(outcome);
            drop(call);
            self.wake();
        }
    }

    /// Hands the connection to the call's thread, or gives it back where that does not wait.
    pub(super) fn appoint(&self, driver: Box<Driver>) -> Result<(), Box<Driver>> {
        let mut call = self.lock();
        if !matches!(call.phase, Phase::Open) {
            return Err(driver);
        }
        call.phase = Phase::Leads(driver);
        drop(call);
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        // a thread that leads ends its own call, too
        if self.thread.id() != this_thread() {
            self.thread.unpark();
        }
    }
}

impl Call {
    /// Encodes the header. It has to have room for the time that is left, which is put in when it is sent.
    pub(super) fn begin(&mut self, endpoint: &str, deadline: Deadline, metadata: &Metadata<'_>) -> Result<()> {
        (self.phase, self.deadline) = (Phase::Open, deadline);
        self.header.clear();
        let json = DataType::MarshaledJson;
        let header = RequestHeader { metadata: metadata.borrowed(), ..RequestHeader::new(endpoint, json, json) };
        let fits = header.encode(&mut self.header);
        let len = self.header.len();
        let left = deadline.left_ms(deadline.begun, false);
        if fits && len + timeout_len(left) <= MAX_HEADER_LEN_WRITTEN {
            return Ok(());
        }
        let problem = "endpoint and metadata take more bytes than a header holds".to_owned();
        Err(Misuse::Encode { problem }.into())
    }

    /// What its thread has to know, which it is told once.
    pub(super) fn event(&mut self) -> Option<Event> {
        match std::mem::replace(&mut self.phase, Phase::Open) {
            Phase::Open => None,
            Phase::Leads(driver) => Some(Event::Leads(driver)),
            Phase::Over(outcome) => Some(Event::Over(outcome)),
            Phase::Left => {
                self.phase = Phase::Left;
                None
            }
        }
    }
}
