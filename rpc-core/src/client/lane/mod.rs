//! Connections that callers share: small calls of many threads leave together, and their replies are read together.
//!
//! A [`Lane`] is a queue of calls for one connection. There is no thread behind it: the first caller takes a connection from
//! the pool and *leads*, which is to write what is queued, in one write, and to read replies for all until its own has come.
//! Then it appoints another of those that wait, and where nobody does the connection goes back to the pool. So a caller alone
//! does what it would do without a lane. Where the leader does not write for a moment, a follower that watches the queue does.
//!
//! A caller whose time is over leaves: from the queue, as if it had never been there; or, when its request has been sent, with
//! the reply owed still. Then the pool gets a new lane in place of this one, for the server may be stuck. Those that are on
//! the old one go on, and when the last has gone its connection is closed.
//!
//! Locks are taken in this order: `Lane::sending`, `Lane::state`, that of a slot.

mod call;
mod driver;
mod failing;
mod leading;
mod reading;
mod sending;
mod slot;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use crate::error::{Doing, Error, Fate};
use crate::unwind;

use super::options::Deadline;
use super::pool::Pool;
pub(super) use call::{Reply, SmallCall};
use driver::Driver;
use sending::Sending;
pub(super) use slot::Slot;
use slot::{Event, Failure, Phase};

/// A queue of calls for one connection.
#[derive(Default)]
pub(crate) struct Lane {
    /// The direction to the server. Whoever holds the lock writes.
    sending: Mutex<Sending>,
    state: Mutex<State>,
}

/// What `Lane::state` protects.
#[derive(Default)]
struct State {
    /// Calls whose requests have not been sent.
    queue: VecDeque<Arc<Slot>>,
    /// Calls whose requests have been sent and whose replies have not come, in this order.
    owed: VecDeque<Owed>,
    /// Bytes of requests without a reply.
    out: usize,
    /// Some thread leads, or is appointed. Nothing is queued or owed otherwise.
    led: bool,
    /// A follower in the queue sends what is there, if nobody else does in time.
    watched: bool,
    /// The connection serves nobody else: a call's time was over.
    retired: bool,
    /// Bytes have come that nobody is owed. Nothing more is sent on the connection.
    stray: bool,
    /// The room of a connection that was given back.
    spare: Option<Box<Driver>>,
}

/// A call whose request was sent.
struct Owed {
    slot: Arc<Slot>,
    size: usize,
    /// What the transport has taken in all when it has taken the request.
    end: u64,
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Queues a call; its thread leads where nobody else does, or where it may have to wait.
    fn join(&self, slot: &Arc<Slot>, may_wait: bool) -> Joined {
        let mut state = self.lock();
        if state.led && !may_wait {
            return Joined::Not;
        }
        state.queue.push_back(Arc::clone(slot));
        if std::mem::replace(&mut state.led, true) {
            let watched = std::mem::replace(&mut state.watched, true);
            return if watched { Joined::Follows } else { Joined::Watches };
        }
        Joined::Leads(state.spare.take().unwrap_or_default())
    }

    /// Whether a call of this thread has not been sent yet, and its thread waits for that.
    pub(super) fn makes_wait(&self, thread: ThreadId) -> bool {
        self.lock().queue.iter().any(|slot| slot.is_of(thread) && slot.waits())
    }

    /// Takes a call back that waits in the queue, and nothing else; tells whether it did.
    fn withdraw(&self, slot: &Arc<Slot>) -> bool {
        let mut state = self.lock();
        matches!(slot.lock().phase, Phase::Open) && state.forget(slot)
    }

    /// Ends a call whose time is over.
    fn leave(&self, pool: &Pool, slot: &Arc<Slot>, deadline: Deadline) -> Result<(), Failure> {
        let limit = deadline.limit.unwrap_or_default();
        let mut state = self.lock();
        let mut call = slot.lock();
        let driver = match call.event() {
            Some(Event::Over(outcome)) => return outcome,
            Some(Event::Leads(driver)) => Some(driver),
            _ => None,
        };
        let error = if state.forget(slot) {
            Error::Deadline { doing: Doing::WaitingForConnection, limit, fate: Fate::UNTOUCHED }
        } else {
            call.phase = Phase::Left;
            state.retired = true;
            Error::Deadline { doing: Doing::WaitingForReply, limit, fate: Fate::LOST }
        };
        let retired = state.retired;
        drop((call, state));
        if retired {
            pool.replace_lane(self);
        }
        if let Some(driver) = driver {
            self.pass_on(pool, driver);
        }
        Err(error.into())
    }

    /// Finds somebody who leads, or gives the connection back.
    fn pass_on(&self, pool: &Pool, mut driver: Box<Driver>) {
        let may_go_on = driver.is_in_step() && !pool.is_waited_for();
        let (outbound, in_step) = {
            let mut sending = lock(&self.sending);
            let mut state = self.lock();
            match state.appoint(driver, may_go_on) {
                Ok(()) => return,
                Err(left) => driver = left,
            }
            // nobody waits for a reply; but one may be owed to a thread that has left
            let in_step = state.owed.is_empty() && !state.retired;
            state.owed.clear();
            state.end_connection();
            (sending.take(), in_step)
        };
        // closing it may run the transport's code; a panic there is not to leave the queue without anybody who leads
        if unwind::catch(|| driver.release(outbound, in_step)).is_none() {
            tracing::error!("a transport panicked when it was closed");
        }
        let mut state = self.lock();
        if let Err(driver) = state.appoint(driver, true) {
            (state.led, state.spare) = (false, Some(driver));
        }
    }
}

/// How a call stands in a lane.
enum Joined {
    Leads(Box<Driver>),
    /// Its thread sees to it that what is queued is sent in time.
    Watches,
    Follows,
    /// Somebody else leads.
    Not,
}

impl State {
    /// Nothing more is sent or read on the present connection.
    fn end_connection(&mut self) {
        (self.out, self.stray) = (0, false);
    }

    /// Takes a call out of the queue; tells whether it was there.
    fn forget(&mut self, slot: &Arc<Slot>) -> bool {
        self.watched = false;
        let at = self.queue.iter().position(|queued| Arc::ptr_eq(queued, slot));
        at.is_some_and(|at| self.queue.remove(at).is_some())
    }

    /// Lets the oldest call lead whose thread waits for a reply, or else, where that may be, the first in the queue. Gives the
    /// driver back where nobody waits.
    fn appoint(&self, mut driver: Box<Driver>, from_queue: bool) -> Result<(), Box<Driver>> {
        let in_step = self.owed.is_empty() && !self.retired || !driver.has_connection();
        let queue = self.queue.iter().filter(|_| from_queue && in_step);
        for slot in self.owed.iter().map(|owed| &owed.slot).chain(queue) {
            match slot.appoint(driver) {
                Ok(()) => return Ok(()),
                Err(left) => driver = left,
            }
        }
        Err(driver)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
