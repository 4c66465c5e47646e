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

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::frame::FrameError;
use crate::lock::{lock, try_lock};
use crate::unwind;

use super::Outbound;

/// How long something is held back. With what it takes to wake up, that is 0.6 ms on an idle
/// machine, and less than 0.75 ms in 99 of 100 cases.
const HOLD_TIME: Duration = Duration::from_micros(500);

/// The longest pause between two visits of a connection whose peer reads nothing.
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
    /// Returns whether it comes soon, so that what is queued may be held back. It does not if it has
    /// found the direction in use, because a write blocked, or if the peer takes nothing.
    pub(crate) fn expect_visit<H: Holder + 'static>(&mut self, holder: &Arc<H>) -> bool {
        self.holds = self.frames.get_ref().can_try() && {
            let now = Instant::now();
            let due = self.visit.or_else(|| schedule(now + HOLD_TIME, Arc::downgrade(holder) as Weak<dyn Holder>));
            self.visit = due;
            due.is_some_and(|due| due > now && due - now <= HOLD_TIME)
        };
        self.holds
    }

    /// As [`expect_visit`](Outbound::expect_visit), without looking at the clock if nothing has
    /// been sent since it returned `true`.
    pub(crate) fn may_hold<H: Holder + 'static>(&mut self, holder: &Arc<H>) -> bool {
        self.holds || self.expect_visit(holder)
    }

    /// Holds back an item of a stream, if the thread will come soon and there is room for it.
    /// Returns `false` if it has to be sent.
    pub(crate) fn hold_item(&mut self, item: &[u8]) -> bool {
        self.holds && self.frames.extend(item)
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self) -> Result<(), FrameError> {
        self.holds = false;
        self.frames.flush()
    }

    /// Sends what is queued, and the rest of a body.
    pub(crate) fn finish_body(&mut self, rest: &[u8]) -> Result<(), FrameError> {
        self.holds = false;
        self.frames.finish_body(rest)
    }

    /// Sends what is held back as far as is possible without blocking. Returns whether nothing is
    /// left.
    pub(super) fn send_held(&mut self) -> bool {
        // before the attempt, because the transport may panic
        (self.visit, self.holds) = (None, false);
        self.frames.try_flush().unwrap_or_else(|error| {
            // the connection's own thread meets the error when it writes
            tracing::debug!(%error, "what was held back cannot be sent");
            error.kind() != io::ErrorKind::Unsupported
        })
    }

    /// Has the thread come for what could not be sent now. Until then nothing more is held back.
    pub(super) fn send_rest_later<H: Holder + 'static>(&mut self, holder: &Arc<H>) {
        self.expect_visit(holder);
        self.holds = false;
    }
}

/// Has the thread visit `holder` when that is due, and returns when. `None` if the system cannot
/// start a thread for that.
fn schedule(due: Instant, holder: Weak<dyn Holder>) -> Option<Instant> {
    let mut schedule = lock(&SCHEDULE);
    if !schedule.thread_runs {
        let started = thread::Builder::new().name("rpc-batching".to_owned()).spawn(run);
        if let Err(error) = started {
            tracing::debug!(%error, "cannot start a thread that sends what is held back, so nothing is");
            return None;
        }
        schedule.thread_runs = true;
    }
    schedule.visits.push(Visit { due, pause: HOLD_TIME, holder });
    // it may sleep until a later visit, to a peer that reads nothing
    if schedule.sleeps_until.take_if(|until| due < *until).is_some() {
        drop(schedule);
        CHANGED.notify_one();
    }
    Some(due)
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
        self.due = Instant::now() + self.pause;
        let met = holder.visit(&mut |outbound| {
            all_sent = outbound.send_held();
            outbound.visit = (!all_sent).then_some(self.due);
        });
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        met && all_sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameKind;
    use crate::transport::{TimeLimit, Transport, memory_pair};

    #[test]
    fn nothing_waits_for_a_visit_that_is_late_or_far_away() {
        let (near, far) = memory_pair();
        let shared = Arc::new(Mutex::new(Outbound::new(near.into_parts().unwrap().writer)));
        let mut outbound = lock(&shared);
        outbound.set_time_limit(TimeLimit::Until(None));
        assert!(!outbound.expect_visit(&shared), "it is not known yet whether it can write without blocking");
        outbound.frames.write(FrameKind::Data, false, b"").unwrap();
        assert!(outbound.expect_visit(&shared) && outbound.hold_item(b"1\n"));

        // as if a write blocked meanwhile: the thread cannot get the lock
        while outbound.visit.is_some_and(|due| due > Instant::now()) {
            thread::yield_now();
        }
        assert!(!outbound.expect_visit(&shared) && !outbound.hold_item(b"2\n"));
        drop(outbound);
        let begun = Instant::now();
        let met = || lock(&shared).visit.is_none();
        while !met() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not come again");
            thread::yield_now();
        }
        let mut outbound = lock(&shared);
        assert!(outbound.frames.is_sent() && outbound.expect_visit(&shared) && outbound.hold_item(b"2\n"));

        // as if the peer took nothing
        outbound.visit = Some(Instant::now() + LONGEST_PAUSE);
        assert!(!outbound.expect_visit(&shared) && !outbound.hold_item(b"3\n"));
        drop(far);
    }
}
