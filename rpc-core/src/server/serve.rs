//! Serves a connection from its first request to its end.

use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tracing::field::Empty;

use crate::connection::{
    CLOSE, DESCRIBE, DISCARD_TIME, HEADER_KEPT, Inbound, PING, ServerTurn, Wanted, discard_until_the_end, finish, trim,
};
use crate::error::{Error, Fate, Operation, Result};
use crate::message::{DataType, MessageError, ReplyHeader, RequestHeader, Status};
use crate::observe::{Ended, Side};
use crate::transport::{Peer, TimeLimit, limit_has_passed};
use crate::unwind;

use super::ServerConfig;
use super::connection::ServerConnection;
use super::context::ServingGuard;
use super::dispatch::{Call, Dispatch};
use super::exchange::Exchange;
use super::watched::WatchedConnection;
use crate::lock::lock;

/// Returns the span of a call. A client's has the same name and fields.
fn call_span(endpoint: &str, peer: &Peer) -> tracing::Span {
    let (side, status, elapsed) = (Side::Server.as_str(), Empty, Empty);
    tracing::debug_span!("rpc_call", side, endpoint, %peer, status, elapsed)
}

impl ServerConnection {
    /// Serves until the connection ends. What the service offers has been noted.
    pub(super) fn run(self: &Rc<Self>, service: &mut dyn Dispatch) -> Result<Ended> {
        let _serving = ServingGuard::new(Rc::clone(self));
        let mut watched = WatchedConnection::new(self);
        let outcome = self.serve_calls(service);
        // however this thread noticed it
        let outcome = self.lifecycle.ended_by_another().map_or(outcome, Ok);
        watched.end = outcome.as_ref().copied().map_err(Error::kind);
        self.end(&outcome);
        outcome
    }

    fn serve_calls(&self, service: &mut dyn Dispatch) -> Result<Ended> {
        loop {
            let ServerConfig { idle_timeout, request_timeout, .. } = *self.config;
            let (waiting, reading) = (TimeLimit::FromFirst(idle_timeout), TimeLimit::FromFirst(request_timeout));
            if let Some(ended) = self.read_header(waiting, reading)? {
                return Ok(ended);
            }
            if let Some(ended) = self.answer(&self.header.borrow(), service)? {
                return Ok(ended);
            }
        }
    }

    /// Closes the connection so that the client reads the last reply and knows which requests have
    /// not run. Failures are ignored: they mean that the client has closed first. Blocks for at
    /// most [`DISCARD_TIME`].
    fn end(&self, outcome: &Result<Ended>) {
        self.end_within(outcome, TimeLimit::total(Some(DISCARD_TIME)));
    }

    /// Closes the connection as [`end`](ServerConnection::end) does, within this time.
    pub(super) fn end_within(&self, outcome: &Result<Ended>, time_limit: TimeLimit) {
        let client_left = match outcome {
            Ok(ended) => matches!(ended, Ended::HungUp | Ended::Reset),
            Err(error) => matches!(error, Error::Transport { error, .. } if error.kind() == ConnectionReset),
        };
        if self.lifecycle.begin_closing() {
            if let Some(registry) = &self.registry {
                registry.free_place(&self.lifecycle);
            }
            let mut outbound = lock(&self.outbound);
            outbound.set_time_limit(time_limit);
            let sent = match outcome {
                // it may have ended its own direction only, and the transport may still have
                // something to write
                _ if client_left => Ok(()),
                // a request has run whose reply cannot be sent: a Reset frame would say that it has
                // not, so only the replies that were held back are sent
                Err(_) if self.unanswered.get() => outbound.frames.flush(),
                // tells the client that no request without a reply has run
                _ => outbound.reset(),
            };
            if sent.is_ok() {
                finish(&mut outbound);
            }
            if client_left || sent.is_err() {
                return;
            }
        }
        // unread bytes, also of a request that crossed a shutdown's Reset frame, would break the
        // connection before the client has read the last frame
        self.linger(time_limit);
    }

    /// Reads and throws away until the client's Reset frame or its end.
    pub(super) fn linger(&self, time_limit: TimeLimit) {
        self.inbound.with(|receiving| discard_until_the_end(receiving.inbound(), time_limit));
    }

    /// Reads the header of the next request, or returns how the connection has ended. `waiting`
    /// limits the time until it begins, and `reading` the rest of the request.
    pub(super) fn read_header(&self, waiting: TimeLimit, reading: TimeLimit) -> Result<Option<Ended>> {
        let mut header = self.header.borrow_mut();
        trim(&mut header, HEADER_KEPT);
        header.clear();
        self.inbound.with(|receiving| {
            let inbound = receiving.inbound();
            if !inbound.messages.call_ahead() {
                self.lifecycle.begin_waiting(Instant::now());
            }
            let mut ended = await_request(inbound, waiting, reading)?;
            // after a cancel that came too late, the connection is as idle as before
            if ended.is_none() && inbound.messages.skip_late_cancel().map_err(|error| self.request_failed(error))? {
                ended = await_request(inbound, waiting, reading)?;
            }
            if ended.is_some() {
                return Ok(ended);
            }
            self.header_began_at.set(inbound.messages.frames().position());
            match inbound.messages.read_header(&mut header) {
                Ok(true) if self.lifecycle.begin_call() => Ok(None),
                Ok(true) => Ok(Some(Ended::ShutDown)),
                Ok(false) => Ok(Some(Ended::HungUp)),
                Err(MessageError::Reset) => Ok(Some(Ended::Reset)),
                Err(error) => Err(self.request_failed(error)),
            }
        })
    }

    /// Answers the request that has this header. Returns `None` if the next one may be read,
    /// otherwise how the connection ends.
    fn answer(&self, header: &[u8], service: &mut dyn Dispatch) -> Result<Option<Ended>> {
        let header =
            RequestHeader::decode(header).map_err(|violation| Error::Protocol { violation, fate: Fate::LOST })?;
        let turn = ServerTurn::new(&header);
        self.inbound.with(|receiving| {
            let messages = &mut receiving.inbound().messages;
            messages.allow_trailers(turn.can_trail());
            messages.start_body(turn.request.map_or(0, DataType::messages));
        });
        let span = call_span(&header.endpoint, &self.peer);
        if unwind::catch(|| self.config.adopt_trace(&span, &header.metadata)).is_none() {
            tracing::error!(peer = %self.peer, endpoint = %header.endpoint, "the hook for trace contexts panicked");
        }
        let _entered = span.enter();
        let exchange = Exchange::new(self, header, turn);
        let answered = match turn.wanted {
            Wanted::Close => return Ok(Some(self.acknowledge_close())),
            Wanted::Call => {
                exchange.watch.replace(self.watch(&span));
                self.dispatch(&exchange, service)
            }
            Wanted::Ping => exchange.send_only(&ReplyHeader::ok(DataType::Control)).map(|()| false),
            Wanted::Describe => exchange.describe().map(|()| false),
            Wanted::UnknownControl => {
                let message = format!(
                    "unknown control endpoint {}, there are: {CLOSE}, {PING}, {DESCRIBE}",
                    exchange.header.endpoint
                );
                exchange.refuse(Status::RequestError, &message, None).map(|()| false)
            }
        };
        self.settle(exchange, answered)
    }

    /// Calls the service; if that panics, replies with an error. Returns whether the panic ends a
    /// session.
    fn dispatch(&self, exchange: &Exchange<'_>, service: &mut dyn Dispatch) -> Result<bool> {
        let timeout = Some(exchange.header.timeout_ms).filter(|&left| left > 0).map(Duration::from_millis);
        self.deadline.set(timeout.and_then(|left| Instant::now().checked_add(left)));
        if self.keeps_session(&exchange.header.endpoint) {
            self.lifecycle.keep_session();
        }
        self.in_service.set(true);
        let served = unwind::catch(|| service.dispatch(Call { exchange }).outcome);
        let panicked = served.is_none();
        let outcome = served.unwrap_or_else(|| {
            tracing::error!(peer = %self.peer, endpoint = %exchange.header.endpoint, "the handler panicked");
            // the transport's code may panic as well
            let lost = || Err(Error::lost(Operation::Sending, ConnectionAborted));
            unwind::catch(|| exchange.panicked()).unwrap_or_else(lost)
        });
        self.in_service.set(false);
        outcome.map(|()| panicked && self.keeps_session(&exchange.header.endpoint))
    }

    /// Ends a call, given whether its answer ends a session. Returns `None` if the next request may
    /// be read, otherwise how the connection ends.
    fn settle(&self, exchange: Exchange<'_>, answered: Result<bool>) -> Result<Option<Ended>> {
        let received = self.inbound.end_call();
        let outcome = answered.and_then(|session_over| received.map(|()| session_over));
        exchange.report(&outcome);
        let turn = exchange.turn.get();
        let values = (exchange, self.take_call_extensions());
        // this is the user's code, whose panic comes too late to cost the call
        if unwind::catch(|| drop(values)).is_none() {
            tracing::error!(peer = %self.peer, "dropping the values of a call panicked");
        }
        let session_over = outcome?;
        let request_ended = self.inbound.with(|receiving| receiving.inbound().messages.body_ended());
        let in_step = turn.in_step(request_ended) && !session_over;
        let goes_on = self.lifecycle.end_call();
        if let Some(registry) = self.registry.as_ref().filter(|_| !goes_on && !self.lifecycle.was_cut()) {
            registry.call_finished();
        }
        Ok(match (goes_on, in_step) {
            (_, false) => Some(Ended::GivenUp),
            (false, true) => Some(Ended::ShutDown),
            (true, true) => None,
        })
    }

    pub(super) fn acknowledge_close(&self) -> Ended {
        let mut outbound = lock(&self.outbound);
        outbound.set_time_limit(TimeLimit::Stall(self.config.stall_timeout));
        // the Reset frame will leave in the same write. A failure does not matter: the
        // client may be gone, and wanted nothing but the end
        if let Err(error) = outbound.queue_reply(&ReplyHeader::ok(DataType::Control)) {
            tracing::debug!(%error, "the acknowledgement of Close cannot be sent");
        }
        Ended::Closed
    }
}

/// Waits for the first byte of a request, or returns how the connection has ended. Then sets the
/// time limit for the rest of the request.
fn await_request(inbound: &mut Inbound, waiting: TimeLimit, reading: TimeLimit) -> Result<Option<Ended>> {
    inbound.set_time_limit(waiting);
    let ended = match inbound.wait() {
        Ok(true) => None,
        Ok(false) => Some(Ended::HungUp),
        Err(error) if limit_has_passed(&error) => Some(Ended::Idle),
        Err(error) => match error.kind() {
            // the client is gone, and the system reports that as an error
            ConnectionReset | ConnectionAborted | BrokenPipe | TimedOut => Some(Ended::HungUp),
            _ => return Err(Error::Transport { operation: Operation::Idling, error, fate: Fate::LOST }),
        },
    };
    inbound.set_time_limit(reading);
    Ok(ended)
}
