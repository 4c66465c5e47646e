//! What is held back to leave together with what follows, and the thread that sends it if that
//! takes too long.
//!
//! A small reply is held back only if the next request of its connection has been read already, and
//! an item of a stream only if one has left shortly before. The connection's own thread sends them
//! together with the next. But a handler may take long, and may even wait for something that its
//! client does only after it has the reply, and the next item may come in an hour. So one thread
//! for all connections sends what has been held back for [`HOLD_TIME`]. It never blocks for a peer.
//! It starts when something may be held back, and ends when there has been nothing for
//! [`IDLE_TIME`].

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::lock::{lock, try_lock};
use crate::unwind;

use super::Outbound;

/// How long something is held back. With what it takes to wake up, that is 0.6 ms on an idle
/// machine, and less than 0.75 ms in 99 of 100 cases.
const HOLD_TIME: Duration = Duration::from_micros(500);

/// The longest pause between two attempts to send to a peer that reads nothing.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// How long the thread stays when nothing is held back.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// Where the thread finds an outbound direction.
pub(crate) trait Holder: Send + Sync {
    /// Runs `send` on it. Returns `false` if it is in use, so that the thread has to come again.
    fn visit(&self, send: &mut dyn FnMut(&mut Outbound)) -> bool;
}

impl Holder for Mutex<Outbound> {
    fn visit(&self, send: &mut dyn FnMut(&mut Outbound)) -> bool {
        try_lock(self).map(|mut outbound| send(&mut outbound)).is_some()
    }
}

/// When to send what a connection holds back.
struct Visit {
    due: Instant,
    /// The pause before the next attempt if this one fails.
    pause: Duration,
    holder: Weak<dyn Holder>,
}

struct Schedule {
    visits: Vec<Visit>,
    thread_runs: bool,
    /// The thread sleeps until then, unless it is woken.
    sleeps_until: Option<Instant>,
}

static SCHEDULE: Mutex<Schedule> = Mutex::new(Schedule { visits: Vec::new(), thread_runs: false, sleeps_until: None });
static CHANGED: Condvar = Condvar::new();

impl Outbound {
    /// Has the thread come to `holder`, which has this outbound direction, unless it is about to.
    /// Returns whether it will come, so that what is queued may be held back.
    pub(crate) fn expect_visit<H: Holder + 'static>(&mut self, holder: &Arc<H>) -> bool {
        self.visit_due =
            self.frames.get_ref().can_try() && (self.visit_due || schedule(Arc::downgrade(holder) as Weak<dyn Holder>));
        self.visit_due
    }

    /// Holds back an item of a stream, if the thread will come soon and there is room for it.
    /// Returns `false` if it has to be sent.
    pub(crate) fn hold_item(&mut self, item: &[u8]) -> bool {
        self.visit_due && self.frames.extend(item)
    }

    /// Sends what is held back as far as is possible without blocking. Returns whether nothing is
    /// left.
    pub(super) fn send_held(&mut self) -> bool {
        // before the attempt, because the transport may panic
        self.visit_due = false;
        self.frames.try_flush().unwrap_or_else(|error| {
            // the connection's own thread meets the error when it writes
            tracing::debug!(%error, "what was held back cannot be sent");
            true
        })
    }
}

/// Has the thread visit `holder` after [`HOLD_TIME`]. Returns `false` if the system cannot start a
/// thread for that.
fn schedule(holder: Weak<dyn Holder>) -> bool {
    let mut schedule = lock(&SCHEDULE);
    if !schedule.thread_runs {
        let started = thread::Builder::new().name("rpc-batching".to_owned()).spawn(run);
        if let Err(error) = started {
            tracing::debug!(%error, "cannot start a thread that sends what is held back, so nothing is");
            return false;
        }
        schedule.thread_runs = true;
    }
    let due = Instant::now() + HOLD_TIME;
    schedule.visits.push(Visit { due, pause: HOLD_TIME, holder });
    // it may sleep until a later visit, to a peer that reads nothing
    if schedule.sleeps_until.take_if(|until| due < *until).is_some() {
        drop(schedule);
        CHANGED.notify_one();
    }
    true
}

fn run() {
    let mut due = Vec::new();
    while wait_for_due(&mut due) {
        // a user's transport may panic, and other connections still need this thread
        due.retain_mut(|visit| unwind::catch(|| !visit.attempt()).unwrap_or(false));
        lock(&SCHEDULE).visits.append(&mut due);
    }
}

/// Waits until something is due. Returns `false` after [`IDLE_TIME`] with nothing scheduled; the
/// thread counts as ended then.
fn wait_for_due(due: &mut Vec<Visit>) -> bool {
    let mut schedule = lock(&SCHEDULE);
    loop {
        let now = Instant::now();
        due.extend(schedule.visits.extract_if(.., |visit| visit.due <= now));
        if !due.is_empty() {
            return true;
        }
        let idle = schedule.visits.is_empty();
        let until = schedule.visits.iter().map(|visit| visit.due).min().unwrap_or(now + IDLE_TIME);
        schedule.sleeps_until = Some(until);
        schedule = CHANGED.wait_timeout(schedule, until - now).unwrap_or_else(PoisonError::into_inner).0;
        schedule.sleeps_until = None;
        if idle && schedule.visits.is_empty() && Instant::now() >= until {
            schedule.thread_runs = false;
            return false;
        }
    }
}

impl Visit {
    /// Sends what is held back, as far as is possible without waiting. If more is left, sets a
    /// later due time and returns `false`.
    fn attempt(&mut self) -> bool {
        let Some(holder) = self.holder.upgrade() else { return true };
        let mut all_sent = true;
        let met = holder.visit(&mut |outbound| {
            all_sent = outbound.send_held();
            outbound.visit_due = !all_sent;
        });
        if met && all_sent {
            return true;
        }
        self.due = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        false
    }
}
