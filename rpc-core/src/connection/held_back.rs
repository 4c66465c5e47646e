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

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{hint, io, thread};

use crate::lock::{lock, try_lock};
use crate::unwind;

use super::Outbound;

/// How long something is held back. With what it takes to wake up, that is 0.6 ms on an idle
/// machine, and less than 0.75 ms in 99 of 100 cases.
const HOLD_TIME: Duration = Duration::from_micros(500);

/// How long the thread tries to get hold of a direction that is in use: longer than it takes to
/// hold back an item, which would otherwise wait for the next visit, for twice as long.
const USE: Duration = Duration::from_micros(5);

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
        let begun = Instant::now();
        loop {
            if let Some(mut outbound) = try_lock(self) {
                send(&mut outbound);
                return true;
            }
            if begun.elapsed() > USE {
                return false;
            }
            hint::spin_loop();
        }
    }
}

/// When to send what a connection holds back.
struct Visit {
    due: Instant,
    /// The pause before the next attempt if this one fails.
    pause: Duration,
    holder: Weak<dyn Holder>,
    number: u64,
    latest: Arc<Latest>,
}

/// What an outbound direction knows of the thread's visits.
#[derive(Default)]
pub(super) struct Expected {
    /// The thread will come.
    due: bool,
    latest: Arc<Latest>,
}

/// The latest visit of an outbound direction. Known outside the lock, because the thread may not
/// get that.
#[derive(Default)]
struct Latest {
    /// Visits with another number need not be made any more.
    number: AtomicU64,
    /// The thread has come, and has to come again, but not so soon: a write had blocked, or the
    /// peer took nothing.
    missed: AtomicBool,
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
    /// Has the thread come to `holder`, which has this outbound direction, unless it comes soon
    /// anyway. Returns whether it does, so that what is queued may be held back.
    pub(crate) fn expect_visit<H: Holder + 'static>(&mut self, holder: &Arc<H>) -> bool {
        let Expected { due, latest } = &mut self.visit;
        if latest.missed.load(Ordering::Relaxed) {
            latest.missed.store(false, Ordering::Relaxed);
            latest.number.fetch_add(1, Ordering::Relaxed);
            *due = false;
        }
        *due = self.frames.get_ref().can_try()
            && (*due || schedule(Arc::downgrade(holder) as Weak<dyn Holder>, Arc::clone(latest)));
        *due
    }

    /// Holds back an item of a stream, if the thread will come soon and there is room for it.
    /// Returns `false` if it has to be sent.
    pub(crate) fn hold_item(&mut self, item: &[u8]) -> bool {
        self.visit.due && self.frames.extend(item)
    }

    /// Sends what is held back as far as is possible without blocking. Returns whether nothing is
    /// left.
    pub(super) fn send_held(&mut self) -> bool {
        // before the attempt, because the transport may panic
        self.visit.due = false;
        self.frames.try_flush().unwrap_or_else(|error| {
            // the connection's own thread meets the error when it writes
            tracing::debug!(%error, "what was held back cannot be sent");
            error.kind() != io::ErrorKind::Unsupported
        })
    }
}

/// Has the thread visit `holder` after [`HOLD_TIME`]. Returns `false` if the system cannot start a
/// thread for that.
fn schedule(holder: Weak<dyn Holder>, latest: Arc<Latest>) -> bool {
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
    let number = latest.number.load(Ordering::Relaxed);
    schedule.visits.push(Visit { due, pause: HOLD_TIME, holder, number, latest });
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
        if self.latest.number.load(Ordering::Relaxed) != self.number {
            return true;
        }
        let mut all_sent = true;
        let met = holder.visit(&mut |outbound| {
            all_sent = outbound.send_held();
            outbound.visit.due = !all_sent;
        });
        if met && all_sent {
            return true;
        }
        self.latest.missed.store(true, Ordering::Relaxed);
        self.due = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameKind;
    use crate::transport::{TimeLimit, Transport, memory_pair_with_capacity};

    fn await_that(condition: impl Fn() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not come to that");
            thread::yield_now();
        }
    }

    /// After a write that blocked, or a peer that took nothing, an item waited up to 20 ms.
    #[test]
    fn nothing_waits_for_a_visit_that_was_missed() {
        const CAPACITY: usize = 100;
        let (near, far) = memory_pair_with_capacity(CAPACITY);
        let mut far = far.into_parts().unwrap().reader;
        let shared = Arc::new(Mutex::new(Outbound::new(near.into_parts().unwrap().writer)));
        let mut outbound = lock(&shared);
        let latest = Arc::clone(&outbound.visit.latest);
        let missed = || latest.missed.load(Ordering::Relaxed);
        let number = || latest.number.load(Ordering::Relaxed);
        outbound.set_time_limit(TimeLimit::Until(None));
        assert!(!outbound.expect_visit(&shared), "it is not known yet whether it can write without blocking");
        outbound.frames.write(FrameKind::Data, false, b"").unwrap();
        assert!(outbound.expect_visit(&shared) && outbound.expect_visit(&shared) && number() == 0);

        // as if a write blocked meanwhile: the thread does not get the lock
        await_that(missed);
        assert!(outbound.expect_visit(&shared) && number() == 1, "another visit, soon");
        assert!(outbound.hold_item(b"1\n"));
        drop(outbound);
        await_that(|| lock(&shared).frames.is_sent());

        // the peer takes nothing
        let mut outbound = lock(&shared);
        assert!(outbound.expect_visit(&shared) && outbound.hold_item(&[b' '; 2 * CAPACITY]));
        drop(outbound);
        await_that(missed);
        assert!(lock(&shared).expect_visit(&shared) && number() == 2, "another visit, soon");
        while !lock(&shared).frames.is_sent() {
            _ = far.try_read(&mut [0; CAPACITY]);
        }
    }
}
