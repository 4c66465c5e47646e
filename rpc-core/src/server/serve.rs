//! One connection, from its first request to its end.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::connection::{
    DISCARD_TIME, Ends, Inbound, ServerTurn, Wanted, close_after_last_reply, close_without_reset,
    discard_until_the_end, finish_in_time, trim_header,
};
use crate::error::{Error, Fate, Operation, Result};
use crate::frame::FrameKind;
use crate::message::{DataType, MessageError, ReplyHeader, RequestHeader, Status};
use crate::transport::{Parts, TimeLimit};
use crate::unwind;

use super::ServerConfig;
use super::context::{ConnectionContext, Serves, answering};
use super::dispatch::{Call, Dispatch};
use super::exchange::{Exchange, Line, Receiving, lock};
use super::registry::Entry;

/// How a connection ended without a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The client asked for it, with the Close handshake.
    Closed,
    /// The client hung up between two calls.
    HungUp,
    /// The client gave the connection up with a Reset frame between two calls.
    Reset,
    /// No request came within the idle limit.
    Idle,
    /// The server shuts down.
    ShutDown,
    /// The server closed behind a reply: the rest of a request was too much to read, its data type unknown, or the
    /// handler of a session panicked.
    GivenUp,
}

/// A connection being served.
pub(super) struct Serving {
    line: Line,
    entry: Arc<Entry>,
    context: Arc<ConnectionContext>,
    /// A request has run, and its reply has not begun. A Reset in its place would say that it has not run.
    unanswered: Cell<bool>,
}

/// What comes next on a connection.
enum Next {
    Request,
    End(Ended),
}

impl Serving {
    pub(super) fn new(parts: Parts, config: ServerConfig) -> Serving {
        let peer = parts.peer.clone();
        let Ends { inbound, outbound, control } = Ends::new(parts);
        let inbound = Arc::new(Mutex::new(Receiving::new(inbound)));
        let outbound = Arc::new(Mutex::new(outbound));
        let entry = Arc::new(Entry::new(Arc::clone(&outbound), control));
        let context = Arc::new(ConnectionContext { peer, inbound: Arc::clone(&inbound) });
        Serving { line: Line { inbound, outbound, config }, entry, context, unanswered: Cell::new(false) }
    }

    pub(super) fn entry(&self) -> Arc<Entry> {
        Arc::clone(&self.entry)
    }

    /// Serves until the connection ends.
    pub(super) fn run(&self, service: &mut dyn Dispatch) -> Result<Ended> {
        let _serves = Serves::new(Arc::clone(&self.context));
        let mut header = Vec::new();
        let outcome = loop {
            match Receiving::lend(&self.line.inbound, |inbound| self.next_request(inbound, &mut header)) {
                Ok(Next::Request) => {}
                Ok(Next::End(ended)) => break Ok(ended),
                Err(error) => break Err(error),
            }
            match self.serve_one(&header, service) {
                Ok(None) => trim_header(&mut header),
                Ok(Some(ended)) => break Ok(ended),
                Err(error) => break Err(error),
            }
        };
        self.end(&outcome);
        outcome
    }

    /// Ends the connection, and says that no request of it has run.
    pub(super) fn refuse(&self) {
        self.end(&Ok(Ended::GivenUp));
    }

    /// The last frame, where one is owed, and the wait that makes sure that the last reply arrives.
    fn end(&self, outcome: &Result<Ended>) {
        let speak = match outcome {
            Ok(Ended::HungUp | Ended::Reset) => false,
            Ok(_) => true,
            Err(Error::Transport { error, .. }) => error.kind() != io::ErrorKind::ConnectionReset,
            Err(_) => true,
        };
        if !self.entry.begin_closing() {
            // a request that has crossed the Reset must not break the connection before the peer has read that
            self.linger(Instant::now() + DISCARD_TIME);
        } else if speak {
            let close = if self.unanswered.get() { close_without_reset } else { close_after_last_reply };
            Receiving::lend(&self.line.inbound, |inbound| close(inbound, &mut lock(&self.line.outbound)));
        } else {
            // a client that has only ended its own direction still reads, and a transport may have something left to write
            finish_in_time(&mut lock(&self.line.outbound));
        }
    }

    /// Reads and throws away until the peer's end has come, or the time.
    pub(super) fn linger(&self, until: Instant) {
        Receiving::lend(&self.line.inbound, |inbound| discard_until_the_end(inbound, until));
    }

    fn next_request(&self, inbound: &mut Inbound, header: &mut Vec<u8>) -> Result<Next> {
        let limit = self.line.config.request_timeout;
        let failed = |error| Error::from_message(error, Operation::ReadingRequest, limit, Fate::LOST);
        if let Some(ended) = self.await_request(inbound)? {
            return Ok(Next::End(ended));
        }
        // behind a cancel that came too late the connection is as idle as before
        if inbound.messages.skip_late_cancel().map_err(failed)?
            && let Some(ended) = self.await_request(inbound)?
        {
            return Ok(Next::End(ended));
        }
        match inbound.messages.read_header(header) {
            Ok(true) if self.entry.begin_call() => Ok(Next::Request),
            Ok(true) => Ok(Next::End(Ended::ShutDown)),
            Ok(false) => Ok(Next::End(Ended::HungUp)),
            Err(MessageError::Reset) => Ok(Next::End(Ended::Reset)),
            Err(error) => Err(failed(error)),
        }
    }

    /// Waits for the first byte of what comes next, and allows the rest of it its time; or says how the connection has ended.
    fn await_request(&self, inbound: &mut Inbound) -> Result<Option<Ended>> {
        let config = &self.line.config;
        inbound.set_time_limit(TimeLimit::from_first(config.idle_timeout));
        let ended = match inbound.wait() {
            Ok(true) => None,
            Ok(false) => Some(Ended::HungUp),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Some(Ended::Idle),
            Err(error) if is_hang_up(&error) => Some(Ended::HungUp),
            Err(error) => return Err(Error::Transport { operation: Operation::Idling, error, fate: Fate::LOST }),
        };
        inbound.set_time_limit(TimeLimit::from_first(config.request_timeout));
        Ok(ended)
    }

    /// Answers the request whose header was read; `None` where the next one may be read.
    fn serve_one(&self, bytes: &[u8], service: &mut dyn Dispatch) -> Result<Option<Ended>> {
        let header =
            RequestHeader::decode(bytes).map_err(|violation| Error::Protocol { violation, fate: Fate::LOST })?;
        let turn = ServerTurn::new(&header);
        let serial = {
            let mut receiving = lock(&self.line.inbound);
            receiving.serial += 1;
            let messages = &mut receiving.inbound().messages;
            messages.allow_trailers(turn.can_trail());
            messages.start_body(turn.request().map_or(0, DataType::messages));
            receiving.serial
        };
        let span = tracing::debug_span!("rpc_serve", endpoint = %header.endpoint);
        if unwind::catch(|| self.line.config.adopt_trace(&span, &header.metadata)).is_none() {
            tracing::error!("the server's hook for trace contexts panicked");
        }
        let _entered = span.enter();
        if turn.wanted() == Wanted::Close {
            return self.acknowledge_close().map(Some);
        }
        let exchange = Exchange::new(&self.line, header, turn);
        let panicked = match turn.wanted() {
            Wanted::Call => {
                let has_deadline = exchange.header.timeout_ms > 0;
                !answering(serial, bytes, has_deadline, || dispatch(&exchange, service))
            }
            Wanted::Ping => {
                exchange.note(exchange.send_only(&ReplyHeader::ok(DataType::Control)));
                false
            }
            Wanted::UnknownControl | Wanted::Close => {
                let message = format!("unknown control endpoint {}", exchange.header.endpoint);
                exchange.refuse(Status::RequestError, &message, None);
                false
            }
        };
        self.settle(exchange, panicked && unwind::catch(|| service.contract().session).unwrap_or(true))
    }

    /// Finds out whether the connection is in step behind a call.
    fn settle(&self, exchange: Exchange<'_>, session_over: bool) -> Result<Option<Ended>> {
        let mut receiving = lock(&self.line.inbound);
        receiving.call += 1;
        receiving.serial += 1;
        receiving.inbound().trim();
        lock(&self.line.outbound).trim();
        let request_ended = receiving.inbound().messages.body_ended();
        if let Some(error) = exchange.failure.take().or_else(|| receiving.failed.take()) {
            self.unanswered.set(exchange.ran.get() && exchange.turn.get().reply_owed());
            return Err(error);
        }
        drop(receiving);
        let in_step = exchange.turn.get().in_step(request_ended);
        match (self.entry.end_call(), in_step && !session_over) {
            (_, false) => Ok(Some(Ended::GivenUp)),
            (false, true) => Ok(Some(Ended::ShutDown)),
            (true, true) => Ok(None),
        }
    }

    fn acknowledge_close(&self) -> Result<Ended> {
        let mut outbound = lock(&self.line.outbound);
        outbound.set_time_limit(TimeLimit::stall(self.line.config.stall_timeout));
        outbound.header.clear();
        ReplyHeader::ok(DataType::Control).encode(&mut outbound.header);
        let header = std::mem::take(&mut outbound.header);
        let queued = outbound.frames.queue(FrameKind::Header, true, &header);
        outbound.header = header;
        // the client may be gone already: that it closed is all it asked for. The Reset goes out in the same write
        if let Err(error) = queued {
            tracing::debug!(%error, "the acknowledgement of Close cannot be sent");
        }
        Ok(Ended::Closed)
    }
}

/// A peer that is gone, found out by an error in place of an end of file.
fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
    )
}

/// Lets the service answer. A panic is answered here; `false` then.
fn dispatch(exchange: &Exchange<'_>, service: &mut dyn Dispatch) -> bool {
    if unwind::catch(|| _ = service.dispatch(Call::new(exchange))).is_some() {
        return true;
    }
    tracing::error!(endpoint = %exchange.header.endpoint, "the handler panicked");
    exchange.panicked();
    false
}
