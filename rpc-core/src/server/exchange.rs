//! One call on a server's connection: where its request and its reply stand. The reply is written in [`answer`].
//!
//! [`answer`]: super::answer

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::connection::{Ahead, Inbound, Outbound, ServerTurn};
use crate::error::{Error, Fate, Operation, Result};
use crate::frame::FrameKind;
use crate::message::{DataType, MessageError, RequestHeader, Violation};
use crate::transport::TimeLimit;

use super::ServerConfig;

/// A connection as its server holds it. The directions have a lock each, for a handler may read the request on one thread
/// while the reply is written on another, and a shutdown writes to an idle connection.
pub(super) struct Line {
    pub(super) inbound: Arc<Mutex<Receiving>>,
    pub(super) outbound: Arc<Mutex<Outbound>>,
    pub(super) config: ServerConfig,
}

/// What `Line::inbound` protects.
pub(super) struct Receiving {
    /// What is read from. Between calls it is with the connection's thread, so that no reader of a call that is over waits
    /// for it. Boxed, for it goes there and back with each call.
    inbound: Option<Box<Inbound>>,
    /// The number of the present call: readers of earlier ones are told that theirs is over.
    pub(super) call: u64,
    /// Changes with the beginning and the end of each call.
    pub(super) serial: u64,
    /// The request could not be read to its end, and this is why.
    pub(super) failed: Option<Error>,
}

impl Receiving {
    pub(super) fn new(inbound: Inbound) -> Receiving {
        Receiving { inbound: Some(Box::new(inbound)), call: 0, serial: 0, failed: None }
    }

    pub(super) fn inbound(&mut self) -> &mut Inbound {
        self.inbound.as_mut().expect("it is taken between calls only")
    }

    /// What is read from, unless it is with the connection's thread.
    pub(super) fn present_inbound(&mut self) -> Option<&mut Inbound> {
        self.inbound.as_deref_mut()
    }

    /// Lends what is read from, without the lock.
    pub(super) fn lend<T>(this: &Mutex<Receiving>, borrow: impl FnOnce(&mut Inbound) -> T) -> T {
        let mut inbound = lock(this).inbound.take().expect("it is lent once at a time");
        let outcome = borrow(&mut inbound);
        lock(this).inbound = Some(inbound);
        outcome
    }

    /// Notes that the request's body is broken; the first reason stays.
    pub(super) fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }
}

/// Locks; a thread that panicked while it held a lock has left the connection to whoever closes it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks, unless somebody holds the lock: then a handler's thread reads the request at this moment.
pub(super) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// One call.
pub(super) struct Exchange<'c> {
    pub(super) line: &'c Line,
    pub(super) header: RequestHeader<'c>,
    pub(super) turn: Cell<ServerTurn>,
    /// Whether its handler was called.
    pub(super) ran: Cell<bool>,
    /// Whether the next request was there when the reply began, so that the reply may wait for that one's.
    pub(super) another_waits: Cell<bool>,
    /// Why the connection cannot be used any more.
    pub(super) failure: RefCell<Option<Error>>,
}

/// Why a request's JSON cannot be had.
pub(super) enum NoJson {
    /// The caller is to be told.
    Refuse(String),
    /// The connection is broken.
    Broken,
}

impl NoJson {
    fn malformed(violation: Violation) -> NoJson {
        NoJson::Refuse(violation.to_string())
    }
}

impl<'c> Exchange<'c> {
    pub(super) fn new(line: &'c Line, header: RequestHeader<'c>, turn: ServerTurn) -> Exchange<'c> {
        let (turn, ran, another_waits) = (Cell::new(turn), Cell::new(false), Cell::new(false));
        Exchange { line, header, turn, ran, another_waits, failure: RefCell::new(None) }
    }

    /// Says what is wrong with the request's data types, for a method that takes and returns these.
    pub(super) fn mismatch(&self, request: DataType, reply: DataType) -> Option<String> {
        let fits = |found: Option<DataType>, expected: DataType| {
            found == Some(expected) || (found == Some(DataType::None) && expected == DataType::MarshaledJson)
        };
        let (turn, header) = (self.turn.get(), &self.header);
        if !fits(turn.request(), request) {
            return Some(format!(
                "{} takes {request} (DataType {}), found DataType {}",
                header.endpoint,
                request.to_wire(),
                header.data_type
            ));
        }
        (!fits(turn.accept(), reply)).then(|| {
            format!("{} returns {reply} (Accept {}), found Accept {}", header.endpoint, reply.to_wire(), header.accept)
        })
    }

    /// Reads the request's JSON and decodes it.
    pub(super) fn read_json<T>(&self, decode: impl FnOnce(&[u8]) -> Result<T, Violation>) -> Result<T, NoJson> {
        let mut receiving = self.receive_json()?;
        let inbound = receiving.inbound();
        let decoded = decode(&inbound.body);
        inbound.trim();
        decoded.map_err(NoJson::malformed)
    }

    /// Reads the request's JSON to where all bodies go.
    fn receive_json(&self) -> Result<MutexGuard<'_, Receiving>, NoJson> {
        let mut receiving = lock(&self.line.inbound);
        let Inbound { messages, body, .. } = receiving.inbound();
        let read = match self.turn.get().request() {
            Some(DataType::None) => {
                body.clear();
                body.extend_from_slice(b"null");
                Ok(())
            }
            _ => messages.read_body(self.line.config.max_json_len, body),
        };
        match read {
            Ok(()) => Ok(receiving),
            Err(error @ MessageError::TooLong { .. }) => {
                let hint = "a stream has no limit";
                receiving.inbound().trim();
                Err(NoJson::Refuse(format!("{error}; {hint}")))
            }
            Err(MessageError::Trailer(trailer)) => {
                Err(NoJson::Refuse(format!("the request was ended by its sender: {trailer}")))
            }
            Err(error) => {
                let limit = self.line.config.request_timeout;
                receiving.fail(Error::from_message(error, Operation::ReadingRequest, limit, Fate::LOST));
                Err(NoJson::Broken)
            }
        }
    }

    /// Whether the request has ended, as far as can be told without waiting. Nothing is answered to one that broke.
    ///
    /// Unless octets go both ways its rest is thrown away from here on, so a reader that the handler has kept must not take
    /// that for a clean end.
    pub(super) fn request_ended(&self, refused: bool) -> Result<bool> {
        let goes_on = self.turn.get().full_duplex() && !refused;
        let Some(mut receiving) = try_lock(&self.line.inbound) else { return Ok(false) };
        if !goes_on {
            receiving.call += 1;
        }
        match receiving.failed.take() {
            Some(error) => Err(error),
            None if goes_on => Ok(receiving.inbound().messages.body_ended()),
            None => {
                let messages = &mut receiving.inbound().messages;
                let ended = messages.skip_read_ahead().map_err(|error| self.request_failed(error))?;
                self.another_waits.set(ended && messages.call_ahead());
                Ok(ended)
            }
        }
    }

    /// Fails if the request broke, as far as a handler's thread has found that out.
    pub(super) fn check_request(&self) -> Result<()> {
        match try_lock(&self.line.inbound).and_then(|mut receiving| receiving.failed.take()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Whether the client has cancelled the reply. Looks, and does not wait.
    pub(super) fn cancelled(&self) -> Result<bool> {
        let Some(mut receiving) = try_lock(&self.line.inbound) else { return Ok(false) };
        if let Some(error) = receiving.failed.take() {
            return Err(error);
        }
        let inbound = receiving.inbound();
        if !self.turn.get().may_be_cancelled(inbound.messages.body_ended()) || inbound.look_ahead() != Ahead::Bytes {
            return Ok(false);
        }
        match inbound.messages.ahead().first().copied().and_then(FrameKind::from_wire) {
            Some(FrameKind::Trailer | FrameKind::Reset) => {
                inbound.set_time_limit(TimeLimit::total(self.line.config.stall_timeout));
                let cancel = inbound.messages.read_cancel().map_err(|error| self.request_failed(error))?;
                tracing::debug!(message = %cancel, "the client has cancelled the call");
                Ok(true)
            }
            // a pipelined request waits, or what comes next is to be refused when its turn has come
            _ => Ok(false),
        }
    }

    /// Reads the rest of the request and throws it away. Past the budget the reply goes on, and then the connection ends.
    pub(super) fn discard_request(&self) -> Result<()> {
        let mut receiving = lock(&self.line.inbound);
        // a reader that the handler has left behind on another thread gets no more of it
        receiving.call += 1;
        match receiving.inbound().discard_body() {
            Ok(_) => Ok(()),
            Err(error) => Err(self.request_failed(error)),
        }
    }

    pub(super) fn reply_begun(&self) {
        let mut turn = self.turn.get();
        turn.reply_begun();
        self.turn.set(turn);
    }

    pub(super) fn reply_ended(&self) {
        let mut turn = self.turn.get();
        turn.reply_ended();
        self.turn.set(turn);
    }

    fn request_failed(&self, error: MessageError) -> Error {
        Error::from_message(error, Operation::ReadingRequest, self.line.config.request_timeout, Fate::LOST)
    }

    /// Keeps the first failure: behind it the connection is closed.
    pub(super) fn note(&self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.failure.borrow_mut().get_or_insert(error);
        }
    }
}
