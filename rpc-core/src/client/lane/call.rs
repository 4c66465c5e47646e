//! One call over a shared connection, as its caller makes it.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Misuse, Result};
use crate::message::Metadata;
use crate::message::json::JsonBuffer;
use crate::service::Encode;

use super::super::options::Deadline;
use super::super::pool::Pool;
use super::leading::Leading;
use super::slot::{Event, Failure, Slot};
use super::{Joined, Lane};

/// The most bytes of a request's JSON that goes over a shared connection.
const SMALL: usize = 4 * 1024;

/// How long a request waits for others to leave with it, at most.
const MOMENT: Duration = Duration::from_millis(1);

/// How often a call is made that certainly never ran, for its connection had ended.
const ATTEMPTS: usize = 3;

/// A reply of JSON, until it has been decoded.
pub(in crate::client) struct Reply {
    slot: Option<Arc<Slot>>,
    bytes: Vec<u8>,
}

impl Reply {
    pub(in crate::client) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.lock().reply = std::mem::take(&mut self.bytes);
            Slot::keep(slot);
        }
    }
}

/// A call whose argument is small enough for a shared connection.
pub(in crate::client) struct SmallCall(Arc<Slot>);

impl SmallCall {
    /// Encodes the argument; `None` where it is too large.
    pub(in crate::client) fn new(argument: &dyn Encode, max_len: usize) -> Result<Option<SmallCall>> {
        let slot = Slot::take();
        let mut body = std::mem::take(&mut slot.lock().body);
        let mut buffer = JsonBuffer::new(&mut body, SMALL.min(max_len));
        argument.encode(&mut buffer).map_err(|error| Misuse::Encode { problem: error.to_string() })?;
        let small = buffer.oversize().is_none();
        slot.lock().body = body;
        if small {
            return Ok(Some(SmallCall(slot)));
        }
        Slot::keep(slot);
        Ok(None)
    }

    /// Makes the call over one of the pool's shared connections.
    pub(in crate::client) fn make(
        self,
        pool: &Arc<Pool>,
        endpoint: &str,
        deadline: Deadline,
        metadata: &Metadata<'_>,
    ) -> Result<Reply> {
        let SmallCall(slot) = self;
        slot.lock().begin(endpoint, deadline, metadata)?;
        let mut outcome = attempt(pool, &slot, deadline, false);
        for _ in 1..ATTEMPTS {
            match &outcome {
                Err(Failure { error, aged: true }) if error.was_lost() && pool.can_reconnect() => {
                    tracing::debug!(%error, "the shared connection had ended, trying another");
                }
                _ => break,
            }
            outcome = attempt(pool, &slot, deadline, true);
        }
        let bytes = std::mem::take(&mut slot.lock().reply);
        let reply = Reply { slot: Some(slot), bytes };
        outcome.map(|()| reply).map_err(|failure| failure.error)
    }
}

/// Makes the call that a slot holds, and waits for its end.
fn attempt(pool: &Arc<Pool>, slot: &Arc<Slot>, deadline: Deadline, anew: bool) -> Result<(), Failure> {
    if pool.has_ended() {
        return Err(Error::from(Misuse::Closed).into());
    }
    slot.set_waits(false);
    let (lane, joined) = join(pool, slot);
    let event = match joined {
        Joined::Leads(driver) => Event::Leads(driver),
        _ if !pool.may_wait(slot) && lane.withdraw(slot) => return Err(Error::from(Misuse::Busy).into()),
        Joined::Watches => watch(&lane, pool, slot, deadline),
        Joined::Follows | Joined::Not => slot.wait(deadline.at),
    };
    match event {
        Event::Over(outcome) => outcome,
        Event::Leads(driver) => Leading::new(&lane, pool, slot, driver).run(deadline, anew),
        Event::TimedOut => lane.leave(pool, slot, deadline),
    }
}

/// Queues a call where nobody leads, or else in the lane that is its thread's home.
fn join(pool: &Pool, slot: &Arc<Slot>) -> (Arc<Lane>, Joined) {
    let home = slot.number % pool.lanes();
    for at in (home..pool.lanes()).chain(0..home) {
        let lane = pool.lane(at);
        match lane.join(slot, false) {
            Joined::Not => {}
            joined => return (lane, joined),
        }
    }
    let lane = pool.lane(home);
    let joined = lane.join(slot, true);
    (lane, joined)
}

/// Waits for the end of a call. If nobody sends what is queued within a moment, its own thread does. Where another thread is
/// writing, it looks again later.
fn watch(lane: &Lane, pool: &Pool, slot: &Arc<Slot>, deadline: Deadline) -> Event {
    let mut pause = MOMENT;
    loop {
        match slot.wait(deadline.at_most(pause).at) {
            Event::TimedOut if lane.send_by_the_way(pool) || deadline.passed() => return slot.wait(deadline.at),
            Event::TimedOut => pause *= 2,
            event => return event,
        }
    }
}
