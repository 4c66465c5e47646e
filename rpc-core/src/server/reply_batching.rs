//! Replies that wait to leave together with the next one, and the thread that sees to it that none waits for long.
//!
//! A small reply is held back only while the next request of its connection has been read already. Its own thread sends it
//! with the reply to that one; but a handler may take long, and may even wait for what its client does only when it has the
//! reply. So one thread for all connections sends what is held back longer than a moment. It never blocks for a peer; it is
//! started when a reply is held back, and ends when there has been none for a while.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::Outbound;
use crate::unwind;

use super::lock::{lock, try_lock};

/// How long a reply is held back at most.
const MOMENT: Duration = Duration::from_millis(1);

/// The longest pause between two visits of a connection whose peer reads nothing.
const PAUSE: Duration = Duration::from_millis(20);

/// How long the thread stays when no reply is held back.
const STAY: Duration = Duration::from_secs(1);

/// The direction to a client, and when to look whether replies are held back there.
struct Visit {
    due: Instant,
    /// The pause before the next visit, should this one be in vain.
    pause: Duration,
    outbound: Weak<Mutex<Outbound>>,
}

impl Visit {
    /// Puts off what could not be done, each time for longer.
    fn again(&mut self) -> bool {
        self.due = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PAUSE);
        true
    }
}

/// What `STATE` protects.
struct State {
    visits: Vec<Visit>,
    /// There is a thread.
    runs: bool,
    /// It sleeps until then, unless it is woken.
    sleeps_until: Option<Instant>,
}

static STATE: Mutex<State> = Mutex::new(State { visits: Vec::new(), runs: false, sleeps_until: None });
static CHANGED: Condvar = Condvar::new();

/// Sees to it that what is held back is sent in a moment; `false` where the system gives no thread for that.
pub(super) fn send_soon(outbound: &Arc<Mutex<Outbound>>) -> bool {
    let mut state = lock(&STATE);
    if !state.runs {
        let started = thread::Builder::new().name("rpc-batching".to_owned()).spawn(run);
        if let Err(error) = started {
            tracing::debug!(%error, "no thread for replies that are held back, none is");
            return false;
        }
        state.runs = true;
    }
    let (due, outbound) = (Instant::now() + MOMENT, Arc::downgrade(outbound));
    state.visits.push(Visit { due, pause: MOMENT, outbound });
    // it may sleep until a later visit, of a client that reads nothing
    if state.sleeps_until.take_if(|until| due < *until).is_some() {
        drop(state);
        CHANGED.notify_one();
    }
    true
}

fn run() {
    let mut due = Vec::new();
    while wait_for_visits(&mut due) {
        // a transport of the user's may panic, and the others still count on this thread
        due.retain_mut(|next| unwind::catch(|| visit(next)).unwrap_or(false));
        lock(&STATE).visits.append(&mut due);
    }
}

/// Waits for visits that are due; `false` when there were none for a while, and then the thread counts as ended.
fn wait_for_visits(due: &mut Vec<Visit>) -> bool {
    let mut state = lock(&STATE);
    loop {
        let now = Instant::now();
        due.extend(state.visits.extract_if(.., |visit| visit.due <= now));
        if !due.is_empty() {
            return true;
        }
        let idle = state.visits.is_empty();
        let until = state.visits.iter().map(|visit| visit.due).min().unwrap_or(now + STAY);
        state = sleep(state, until);
        if idle && state.visits.is_empty() && Instant::now() >= until {
            state.runs = false;
            return false;
        }
    }
}

/// Waits until then, or for a visit that is due before.
fn sleep(mut state: MutexGuard<'static, State>, until: Instant) -> MutexGuard<'static, State> {
    state.sleeps_until = Some(until);
    let left = until.saturating_duration_since(Instant::now());
    let (mut state, _) = CHANGED.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
    state.sleeps_until = None;
    state
}

/// Sends what is held back, as far as that needs no waiting; whether there is a further visit to make.
fn visit(visit: &mut Visit) -> bool {
    let Some(outbound) = visit.outbound.upgrade() else { return false };
    // its own thread writes at this moment, or makes a reply
    let Some(mut outbound) = try_lock(&outbound) else {
        return visit.again();
    };
    // also if the transport panics
    outbound.visited_soon = false;
    match outbound.try_flush() {
        Ok(false) => {
            outbound.visited_soon = true;
            return visit.again();
        }
        Ok(true) => {}
        // its own thread finds out when it writes
        Err(error) => tracing::debug!(%error, "replies that were held back cannot be sent"),
    }
    false
}
