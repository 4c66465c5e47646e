//! A thread that leads: it sends what is queued, reads replies for all, and passes the connection on when its own has come.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::Ahead;
use crate::error::{Doing, Error, Fate, Result};
use crate::message::Violation;
use crate::transport::Patience;

use super::super::borrowed::Borrowed;
use super::super::options::Deadline;
use super::super::pool::Pool;
use super::driver::Driver;
use super::failing::behind;
use super::reading::Read;
use super::sending::{Sent, write_failed};
use super::slot::{Event, Failure, Slot};
use super::{Lane, lock};

/// How long replies are awaited that may explain why a write failed.
const EXPLANATION_TIME: Duration = Duration::from_secs(5);

/// How long a leader goes on reading what is there when a reply has come. Its own may be among them, and a server can see to
/// it that there is always something.
const READ_ON: Duration = Duration::from_millis(10);

/// A thread that leads. However that ends, the connection is passed on.
pub(super) struct Leading<'a> {
    lane: &'a Lane,
    pool: &'a Arc<Pool>,
    me: &'a Arc<Slot>,
    driver: Option<Box<Driver>>,
    /// Nothing is being done with the connection, so that it can be passed on.
    in_step: bool,
}

impl<'a> Leading<'a> {
    pub(super) fn new(lane: &'a Lane, pool: &'a Arc<Pool>, me: &'a Arc<Slot>, driver: Box<Driver>) -> Leading<'a> {
        Leading { lane, pool, me, driver: Some(driver), in_step: true }
    }

    fn driver(&mut self) -> &mut Driver {
        self.driver.as_mut().expect("it is passed on by drop only")
    }

    /// Leads until the own call is over.
    pub(super) fn run(mut self, deadline: Deadline, anew: bool) -> Result<(), Failure> {
        loop {
            // also where the last one has failed before the own call was sent
            if !self.driver().has_connection() {
                self.connect(deadline, anew)?;
            }
            self.in_step = false;
            let step = self.step(deadline);
            self.in_step = true;
            let came = step.unwrap_or_else(|error| {
                self.fail(error);
                true
            });
            if let Some(Event::Over(outcome)) = self.me.lock().event() {
                return outcome;
            }
            if !came {
                return self.lane.leave(self.pool, self.me, deadline);
            }
        }
    }

    /// Takes a connection from the pool. Where none can be opened, all that wait are told.
    fn connect(&mut self, deadline: Deadline, anew: bool) -> Result<(), Failure> {
        let pool = Arc::clone(self.pool);
        let borrowed = if anew {
            Borrowed::fresh(pool, deadline).map(|borrowed| (borrowed, true))
        } else {
            Borrowed::new(pool, deadline)
        };
        let error = match borrowed {
            Ok((borrowed, fresh)) => {
                let driver = self.driver();
                let outbound = driver.connect(borrowed, fresh);
                let can_wait = driver.wire()?.control.as_ref().is_some_and(|control| control.can_wait());
                lock(&self.lane.sending).begin(outbound, can_wait);
                return Ok(());
            }
            Err(error) => error,
        };
        let mut state = self.lane.lock();
        state.forget(self.me);
        let concerns_all = match &error {
            Error::Transport { doing: Doing::Connecting, .. } => true,
            Error::Deadline { doing: Doing::Connecting, .. } => !deadline.passed(),
            _ => false,
        };
        if concerns_all {
            for slot in state.queue.drain(..) {
                slot.end(Err(behind(&error, Fate::UNREACHED).into()), &mut Vec::new());
            }
        }
        Err(error.into())
    }

    /// Sends what is queued and reads what comes; whether a reply came in time.
    fn step(&mut self, deadline: Deadline) -> Result<bool> {
        let until = deadline.at;
        self.lane.send(self.pool, deadline)?;
        let mut owes = self.lane.owes();
        if !owes {
            return self.nobody_is_owed().map(|()| true);
        }
        let (until, failed) = match self.send_on(until)? {
            Some(Sent::Failed) => (Some(sooner(until, Instant::now() + EXPLANATION_TIME)), true),
            Some(_) => (until, false),
            None => return Ok(false),
        };
        let mut patience = Patience::until(until);
        while owes {
            let Some(more) = self.next_reply(patience)? else {
                let waits = matches!(patience, Patience::Now(_));
                return if failed && !waits { Err(write_failed()) } else { Ok(waits) };
            };
            owes = more && !self.driver().wire()?.inbound.messages.ahead().is_empty();
            // those that have come along with it
            patience = Patience::Now(Some(sooner(until, Instant::now() + READ_ON)));
        }
        Ok(true)
    }

    /// Sends what the transport has not taken yet, until a reply comes, so that neither side waits in a write for the other to
    /// read; `None` where time is over.
    fn send_on(&mut self, until: Option<Instant>) -> Result<Option<Sent>> {
        loop {
            let sent = self.lane.send_on();
            let wire = self.driver().wire()?;
            if sent != Sent::Part || wire.inbound.look_ahead() != Ahead::Nothing {
                return Ok(Some(sent));
            }
            match wire.control.as_ref().map_or(Ok(()), |control| control.wait(until)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
                Err(error) => {
                    return Err(Error::Transport { doing: Doing::WaitingForReply, error, fate: Fate::LOST });
                }
            }
        }
    }

    /// Reads the reply to the oldest call and hands it over; tells whether another one is owed. `None` where not all of it has
    /// come yet.
    fn next_reply(&mut self, patience: Patience) -> Result<Option<bool>> {
        let (lane, driver) = (self.lane, self.driver());
        let mut progress = driver.progress;
        let wire = driver.wire()?;
        wire.inbound.set_patience(patience);
        let outcome = match wire.resume_reply(&mut progress) {
            Read::NotYet => {
                driver.progress = progress;
                return Ok(None);
            }
            Read::Reply => Ok(()),
            Read::Failed(error) if error.connection_usable() => Err(error.into()),
            Read::Failed(error) => return Err(error),
        };
        let stray = !wire.inbound.messages.ahead().is_empty();
        let more = lane.answer(outcome, &mut wire.inbound.body, stray);
        (driver.progress, driver.aged) = (progress, true);
        Ok(Some(more))
    }

    /// Fails if bytes have come that belong to no call: then the next reply would be taken for another's.
    fn nobody_is_owed(&mut self) -> Result<()> {
        let found = self.driver().wire()?.inbound.messages.ahead().len();
        if found == 0 {
            return Ok(());
        }
        Err(Error::Protocol { violation: Violation::OutOfTurn { found }, fate: Fate::UNREACHED })
    }

    /// All calls that are out fail.
    fn fail(&mut self, error: Error) {
        let (lane, me, driver) = (self.lane, self.me, self.driver());
        lane.fail(driver, me, error);
    }
}

impl Lane {
    /// Whether a reply is owed.
    fn owes(&self) -> bool {
        !self.lock().owed.is_empty()
    }

    /// The oldest call that is out has this outcome; tells whether another one is out. If none is, what has come behind its
    /// reply is `stray`, and no further call is sent on the connection: it would be given that for its reply.
    fn answer(&self, outcome: Result<(), Failure>, reply: &mut Vec<u8>, stray: bool) -> bool {
        let (owed, more) = {
            let mut state = self.lock();
            let owed = state.owed.pop_front();
            state.out -= owed.as_ref().map_or(0, |owed| owed.size);
            state.stray = stray && state.owed.is_empty();
            (owed, !state.owed.is_empty())
        };
        if let Some(owed) = owed {
            owed.slot.end(outcome, reply);
        }
        more
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        let Some(mut driver) = self.driver.take() else { return };
        if !self.in_step {
            let error = io::ErrorKind::ConnectionAborted.into();
            let lost = Error::Transport { doing: Doing::WaitingForReply, error, fate: Fate::LOST };
            self.lane.fail(&mut driver, self.me, lost);
        }
        if self.in_step {
            // whoever is appointed has to be woken first, and the server would have nothing to do meanwhile
            self.lane.send_by_the_way(self.pool);
        }
        self.lane.pass_on(self.pool, driver);
    }
}

fn sooner(until: Option<Instant>, other: Instant) -> Instant {
    until.map_or(other, |until| until.min(other))
}
