//! Replies that are held back to be sent together with the next one, and the thread that sends them
//! if that takes too long.
//!
//! A small reply is held back only if the next request of its connection has been read already. The
//! connection's own thread sends it together with the reply to that request. But a handler may take
//! long, and may even wait for something that its client does only after it has the reply. So one
//! thread for all connections sends what has been held back for [`HOLD_TIME`]. It never blocks for
//! a client. It starts when a reply is held back, and ends when there has been none for
//! [`IDLE_TIME`].

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::Outbound;
use crate::unwind;

use super::lock::{lock, try_lock};

/// How long a reply is held back at most.
const HOLD_TIME: Duration = Duration::from_millis(1);

/// The longest pause between two attempts to send to a client that reads nothing.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// How long the thread stays when no reply is held back.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// When to send what is held back on a connection.
struct Flush {
    due: Instant,
    /// The pause before the next attempt if this one fails.
    pause: Duration,
    outbound: Weak<Mutex<Outbound>>,
}

struct Schedule {
    flushes: Vec<Flush>,
    thread_runs: bool,
    /// The thread sleeps until then, unless it is woken.
    sleeps_until: Option<Instant>,
}

static SCHEDULE: Mutex<Schedule> = Mutex::new(Schedule { flushes: Vec::new(), thread_runs: false, sleeps_until: None });
static CHANGED: Condvar = Condvar::new();

/// Schedules what a connection holds back to be sent after [`HOLD_TIME`]. Returns `false` if the
/// system cannot start a thread for that.
pub(super) fn schedule_flush(outbound: &Arc<Mutex<Outbound>>) -> bool {
    let mut schedule = lock(&SCHEDULE);
    if !schedule.thread_runs {
        let started = thread::Builder::new().name("rpc-batching".to_owned()).spawn(run);
        if let Err(error) = started {
            tracing::debug!(%error, "cannot start a thread that sends held replies, so none is held back");
            return false;
        }
        schedule.thread_runs = true;
    }
    let (due, outbound) = (Instant::now() + HOLD_TIME, Arc::downgrade(outbound));
    schedule.flushes.push(Flush { due, pause: HOLD_TIME, outbound });
    // it may sleep until a later flush, to a client that reads nothing
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
        due.retain_mut(|flush| unwind::catch(|| !flush.attempt()).unwrap_or(false));
        lock(&SCHEDULE).flushes.append(&mut due);
    }
}

/// Waits until something is due. Returns `false` after [`IDLE_TIME`] with nothing scheduled; the
/// thread counts as ended then.
fn wait_for_due(due: &mut Vec<Flush>) -> bool {
    let mut schedule = lock(&SCHEDULE);
    loop {
        let now = Instant::now();
        due.extend(schedule.flushes.extract_if(.., |flush| flush.due <= now));
        if !due.is_empty() {
            return true;
        }
        let idle = schedule.flushes.is_empty();
        let until = schedule.flushes.iter().map(|flush| flush.due).min().unwrap_or(now + IDLE_TIME);
        schedule.sleeps_until = Some(until);
        schedule = CHANGED.wait_timeout(schedule, until - now).unwrap_or_else(PoisonError::into_inner).0;
        schedule.sleeps_until = None;
        if idle && schedule.flushes.is_empty() && Instant::now() >= until {
            schedule.thread_runs = false;
            return false;
        }
    }
}

impl Flush {
    /// Sends what is held back, as far as is possible without waiting. If more is left, sets a
    /// later due time and returns `false`.
    fn attempt(&mut self) -> bool {
        let Some(outbound) = self.outbound.upgrade() else { return true };
        // if the lock is taken, the connection's own thread writes right now
        if let Some(mut outbound) = try_lock(&outbound) {
            // before the attempt, because the transport may panic
            outbound.flush_scheduled = false;
            let flushed = outbound.frames.try_flush();
            if let Err(error) = &flushed {
                // the connection's own thread meets the error when it writes
                tracing::debug!(%error, "replies that were held back cannot be sent");
            }
            if flushed.unwrap_or(true) {
                return true;
            }
            outbound.flush_scheduled = true;
        }
        self.due = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        false
    }
}
