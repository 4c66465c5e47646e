//! The thread that makes the calls of a shared connection: it alternately sends queued requests and
//! reads replies.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::deadline::Deadline;
use crate::client::in_flight::{EncodedRequest, error_behind};
use crate::client::lease::Lease;
use crate::client::pool::{Freshness, Pool};
use crate::client::repeats::Connection;
use crate::client::sending::EXPLANATION_TIME;
use crate::connection::Ahead;
use crate::error::{Error, Fate, Misuse, Operation, Result};
use crate::message::Violation;
use crate::observe::Ended;
use crate::transport::{TimeLimit, limit_has_passed};
use crate::unwind;

use super::SharedConnection;
use super::pending::{Failure, Lost, PendingCall};

/// How long the thread waits for a reply before it checks the queue for more to send.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// How long it reads replies that have already arrived before it sends again. A server can make
/// sure that there is always another.
const READ_BUDGET: Duration = Duration::from_millis(10);

/// The pause between two checks whether others still wait for a connection. Without it, a steady
/// flow of calls would take the connection back before any other thread wakes up.
const YIELD_PAUSE: Duration = Duration::from_millis(1);

/// How many times the thread pauses at most before it takes a connection even though others wait.
const MAX_YIELDS: u32 = 20;

/// Makes calls until there have been none for [`THREAD_IDLE_TIME`](super::THREAD_IDLE_TIME).
pub(super) fn run(shared: &SharedConnection, pool: &Weak<Pool>, generation: u64) {
    // its memory is reused for the next connection
    let mut in_flight = VecDeque::new();
    // when the last connection was opened
    let mut opened = None;
    while shared.wait_for_calls(generation) {
        let Some(pool) = pool.upgrade() else {
            // no call waits any more, because a waiting caller keeps its client
            shared.lock().fail_queued(&Misuse::Closed.into());
            continue;
        };
        let connected = unwind::catch(|| shared.connect(&pool, opened)).unwrap_or_else(|| {
            let text = "the connector, the transport or `on_connect` has panicked";
            let error = io::Error::new(io::ErrorKind::ConnectionAborted, text);
            Err(Error::Transport { operation: Operation::Connecting, error, fate: Fate::UNREACHED })
        });
        match connected {
            Ok(lease) => {
                opened = if lease.is_new { Some(Instant::now()) } else { opened };
                let mut driver = Driver {
                    shared,
                    generation,
                    lease,
                    in_flight: &mut in_flight,
                    bytes_in_flight: 0,
                    explanation_deadline: None,
                    last_answered: None,
                };
                let outcome = unwind::catch(|| driver.serve());
                driver.end(outcome);
            }
            Err(error) => shared.lock().fail_queued(&error),
        }
    }
}

impl SharedConnection {
    fn connect(&self, pool: &Arc<Pool>, opened: Option<Instant>) -> Result<Lease> {
        // first let the threads wake up that wait for the connection which was just given back
        for _ in 0..MAX_YIELDS {
            if !pool.has_waiters() {
                break;
            }
            thread::sleep(YIELD_PAUSE);
        }
        let failed_at = self.lock().queue.iter().filter_map(|call| call.lock().failed_at).max();
        let freshness = if failed_at > opened { Freshness::New } else { Freshness::Any };
        // no deadline here, because each caller keeps its own
        Lease::acquire(pool, Deadline::none(), freshness)
    }
}

/// A connection in use, and the calls on it.
struct Driver<'d> {
    shared: &'d SharedConnection,
    generation: u64,
    lease: Lease,
    /// Calls whose requests have been sent and whose replies have not arrived, in the order of
    /// sending.
    in_flight: &'d mut VecDeque<InFlight>,
    /// Bytes of requests without a reply.
    bytes_in_flight: usize,
    /// Set when a write has failed: until then, a reply may explain the failure.
    explanation_deadline: Option<Instant>,
    /// The call whose reply was read last, if no other is in flight. It ends only once the
    /// connection is back in the pool or has other calls, so a lone caller finds the connection in
    /// the pool.
    last_answered: Option<(Arc<PendingCall>, Result<(), Failure>)>,
}

/// A call whose request was sent.
struct InFlight {
    call: Arc<PendingCall>,
    size: usize,
    /// How many bytes the transport has accepted in total once it has taken the request.
    end: u64,
}

impl Driver<'_> {
    /// Makes calls until none is left, or others wait for the connection.
    fn serve(&mut self) -> Result<()> {
        let mut has_made_calls = false;
        loop {
            if self.in_flight.is_empty() {
                self.check_no_unexpected_bytes()?;
                if has_made_calls && (self.lease.pool.has_waiters() || self.lease.connection().is_too_old()) {
                    return Ok(());
                }
            }
            has_made_calls = true;
            let retired = self.fill();
            if self.in_flight.is_empty() {
                let broken = self.explanation_deadline.is_some();
                return if broken { Err(Error::lost(Operation::Sending, io::ErrorKind::BrokenPipe)) } else { Ok(()) };
            }
            self.deliver_last_answered();
            if retired && self.in_flight.iter().all(|sent| sent.call.lock().abandoned) {
                return Err(Error::lost(Operation::WaitingForReply, io::ErrorKind::TimedOut));
            }
            self.send()?;
            self.receive()?;
        }
    }

    /// Fails if bytes have arrived while no call is in flight: they would be taken for the reply to
    /// the next call.
    fn check_no_unexpected_bytes(&mut self) -> Result<()> {
        match self.lease.connection().inbound.messages.ahead().len() {
            0 => Ok(()),
            found => Err(Error::Protocol { violation: Violation::OutOfTurn { found }, fate: Fate::UNREACHED }),
        }
    }

    /// Moves calls from the queue to the connection while the window has room. If others wait for a
    /// connection, or it is too old, it moves none until the calls in flight have ended. Returns
    /// whether the connection takes no further calls.
    fn fill(&mut self) -> bool {
        let pauses = self.lease.pool.has_waiters() || self.lease.connection().is_too_old();
        let writable = self.explanation_deadline.is_none();
        let Driver { shared, generation, lease, in_flight, bytes_in_flight, .. } = self;
        let connection = lease.connection();
        let window = connection.window();
        let mut state = shared.lock();
        let now = Instant::now();
        let retired = state.generation != *generation;
        while writable && !retired && (!pauses || in_flight.is_empty()) {
            let Some(call) = state.queue.front() else { break };
            let mut pending = call.lock();
            pending.generation = *generation;
            let (deadline, timeout_ms) = (pending.deadline, pending.deadline.left_ms(now, false));
            let request = EncodedRequest { header: &pending.header, json: &pending.body, timeout_ms };
            let size = request.len();
            // its caller has given up or is about to
            let expired = pending.abandoned || deadline.passed_by(now);
            if !expired {
                if *bytes_in_flight > 0 && *bytes_in_flight + size > window {
                    break;
                }
                let queued = connection.queue_request(request, deadline);
                debug_assert!(queued.is_ok(), "a small call fits into its frames");
                if let Some(seen) = &mut pending.seen {
                    seen.connected(connection);
                    seen.sent(size as u64);
                }
            }
            drop(pending);
            let Some(call) = state.queue.pop_front() else { break };
            if expired {
                let error = deadline.error(Operation::Sending, Fate::UNTOUCHED);
                call.end(Err(error.into()));
            } else {
                *bytes_in_flight += size;
                let frames = &connection.outbound.frames;
                in_flight.push_back(InFlight { call, size, end: frames.accepted() + frames.queued() as u64 });
            }
        }
        state.busy = if retired { state.busy } else { !in_flight.is_empty() };
        retired
    }

    /// Sends queued requests, or as many bytes of them as the transport takes at once.
    fn send(&mut self) -> Result<()> {
        let connection = self.lease.connection();
        let stall = connection.settings.stall_timeout;
        let sent = connection.send_queued(connection.window(), TimeLimit::Stall(stall));
        if let Some(error) =
            sent.map_err(|error| Error::from_message(error.into(), Operation::Sending, stall, Fate::LOST))?
        {
            tracing::debug!(%error, "requests cannot be sent");
            self.explanation_deadline.get_or_insert(Instant::now() + EXPLANATION_TIME);
        }
        Ok(())
    }

    /// Reads the replies that arrive. Waits for one, but at most for [`POLL_INTERVAL`], because
    /// there may be more to send.
    fn receive(&mut self) -> Result<()> {
        let until = Instant::now() + POLL_INTERVAL;
        let mut time_limit = TimeLimit::Until(Some(until));
        let connection = self.lease.connection();
        if !connection.outbound.frames.is_sent() && connection.inbound.look_ahead() == Ahead::Nothing {
            // so that the two sides never both wait in a write
            let waited = connection.control.as_ref().map_or(Ok(()), |control| control.wait(Some(until)));
            waited
                .or_else(|error| if limit_has_passed(&error) { Ok(()) } else { Err(error) })
                .map_err(Error::transport(Operation::WaitingForReply, Fate::LOST))?;
            time_limit = TimeLimit::Now(Some(until + POLL_INTERVAL));
        }
        while self.next_reply(time_limit)? {
            if self.in_flight.is_empty() || self.lease.connection().inbound.messages.ahead().is_empty() {
                return Ok(());
            }
            // the replies that arrived together with it
            time_limit = TimeLimit::Now(Some(until + READ_BUDGET));
        }
        match self.explanation_deadline {
            Some(at) if Instant::now() >= at => Err(Error::lost(Operation::Sending, io::ErrorKind::BrokenPipe)),
            _ => Ok(()),
        }
    }

    /// Reads the reply to the oldest call and ends that call. Returns `false` if not all of it has
    /// arrived yet.
    fn next_reply(&mut self, time_limit: TimeLimit) -> Result<bool> {
        let connection = self.lease.connection();
        connection.inbound.set_time_limit(time_limit);
        let read = connection.resume_reply();
        if connection.watched
            && !matches!(read, Ok(None))
            && let Some(oldest) = self.in_flight.front()
            && let Some(seen) = &mut oldest.call.lock().seen
        {
            seen.received(connection);
        }
        let outcome = match read {
            Ok(None) => return Ok(false),
            Ok(Some(())) => Ok(()),
            Err(error) if error.connection_usable() => Err(error.into()),
            Err(error) => return Err(error),
        };
        if let Some(answered) = self.in_flight.pop_front() {
            self.bytes_in_flight -= answered.size;
            std::mem::swap(&mut answered.call.lock().reply, &mut connection.received_json);
            if self.in_flight.is_empty() {
                self.last_answered = Some((answered.call, outcome));
            } else {
                answered.call.end(outcome);
            }
        }
        self.lease.is_new = false;
        Ok(true)
    }

    /// Ends the call that was answered last.
    fn deliver_last_answered(&mut self) {
        if let Some((call, outcome)) = self.last_answered.take() {
            call.end(outcome);
        }
    }

    /// Gives up the connection: if it is in step, it goes back to its pool. Calls in flight fail;
    /// the oldest gets the error itself. `outcome` is `None` if the transport has panicked.
    fn end(mut self, outcome: Option<Result<()>>) {
        let mut state = self.shared.lock();
        let retired = state.generation != self.generation;
        state.busy &= retired;
        drop(state);
        let used = self.lease.connection_used();
        let was_idle = used == Connection::Used;
        let connection = self.lease.connection();
        let peer = Arc::clone(&connection.peer);
        // a transport that panicked may have sent all that it was given
        let accepted = if outcome.is_some() { connection.outbound.frames.accepted() } else { u64::MAX };
        let outcome =
            outcome.unwrap_or_else(|| Err(Error::lost(Operation::WaitingForReply, io::ErrorKind::ConnectionAborted)));
        if retired {
            // because a call on it was not over at its deadline
            connection.break_by(&Deadline::none().error(Operation::WaitingForReply, Fate::LOST));
        }
        if let Err(error) = outcome {
            let none_sent = self.in_flight.iter().all(|sent| sent.end > accepted);
            if none_sent && was_idle && matches!(error, Error::Transport { .. }) {
                connection.was_ended(Ended::HungUp);
            }
            connection.break_by(&error);
            tracing::debug!(%error, calls = self.in_flight.len(), "a shared connection failed");
            let error = match &connection.stay {
                Some(stay) => error.of_place(&stay.place),
                None => error,
            };
            let lost = Some(Lost { at: Instant::now(), connection: used });
            for (at, InFlight { call, size, end }) in self.in_flight.drain(..).enumerate() {
                if let Some(seen) = &mut call.lock().seen {
                    seen.not_sent((size as u64).min(end.saturating_sub(accepted)));
                }
                let never_ran = error.never_ran() || end > accepted;
                let error = if at == 0 { error.repeated() } else { error_behind(&error) };
                let fate = if never_ran { Fate::UNREACHED } else { Fate::LOST };
                call.end(Err(Failure { error: error.with_fate(fate), lost }));
            }
        }
        let Driver { lease, last_answered, .. } = self;
        // closing it may run code of a user's transport
        if unwind::catch(|| drop(lease)).is_none() {
            tracing::error!(%peer, "a transport panicked when it was closed");
        }
        if let Some((call, outcome)) = last_answered {
            call.end(outcome);
        }
    }
}
