//! One call on a server's connection: reads the request's body, writes the reply, keeps to the order rules.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connection::{CHUNK, Inbound, Outbound, ServerTurn};
use crate::error::{Doing, Error, Fate, Result};
use crate::frame::FrameError;
use crate::message::json::JsonBuffer;
use crate::message::{DataType, MessageError, MessageWriter, ReplyHeader, RequestHeader, Status};
use crate::service::Encode;
use crate::transport::Patience;

use super::ServerConfig;
use super::request::RequestReader;

/// A connection as its server holds it. The directions have a lock each, for a handler may read the request on one thread
/// while the reply is written on another, and a shutdown writes to an idle connection.
pub(super) struct Line {
    pub(super) inbound: Arc<Mutex<Receiving>>,
    pub(super) outbound: Arc<Mutex<Outbound>>,
    pub(super) config: ServerConfig,
}

/// What `Line::inbound` protects.
pub(super) struct Receiving {
    pub(super) inbound: Inbound,
    /// The number of the present call: readers of earlier ones are told that theirs is over.
    pub(super) call: u64,
    /// The request could not be read to its end, and this is why.
    pub(super) failed: Option<Error>,
}

impl Receiving {
    /// Notes that the request's body is broken; the first reason stays.
    pub(super) fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }
}

/// Locks; a thread that panicked while it held a lock has left the connection to whoever closes it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One call.
pub(super) struct Exchange<'c> {
    pub(super) line: &'c Line,
    pub(super) header: RequestHeader<'c>,
    pub(super) turn: Cell<ServerTurn>,
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

impl<'c> Exchange<'c> {
    pub(super) fn new(line: &'c Line, header: RequestHeader<'c>, turn: ServerTurn) -> Exchange<'c> {
        Exchange { line, header, turn: Cell::new(turn), failure: RefCell::new(None) }
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
    pub(super) fn read_json<T>(
        &self,
        decode: impl FnOnce(&[u8]) -> Result<T, crate::message::Violation>,
    ) -> Result<T, NoJson> {
        let mut receiving = lock(&self.line.inbound);
        let Inbound { messages, body, .. } = &mut receiving.inbound;
        let read = match self.turn.get().request() {
            Some(DataType::None) => {
                body.clear();
                body.extend_from_slice(b"null");
                Ok(())
            }
            _ => messages.read_body(self.line.config.max_json_len, body),
        };
        match read {
            Ok(()) => {
                let decoded = decode(body).map_err(|violation| NoJson::Refuse(violation.to_string()));
                receiving.inbound.trim();
                decoded
            }
            Err(error @ MessageError::TooLong { .. }) => {
                let hint = "a stream has no limit";
                receiving.inbound.trim();
                Err(NoJson::Refuse(format!("{error}; {hint}")))
            }
            Err(error) => {
                let limit = self.line.config.request_timeout;
                receiving.fail(Error::from_message(error, Doing::ReadingRequest, limit, Fate::LOST));
                Err(NoJson::Broken)
            }
        }
    }

    /// A reader of the request's octets.
    pub(super) fn request_reader(&self) -> RequestReader {
        let call = lock(&self.line.inbound).call;
        RequestReader::new(Arc::clone(&self.line.inbound), call, self.line.config.stall_timeout)
    }

    /// Replies no.
    pub(super) fn refuse(&self, status: Status, message: &str) {
        tracing::debug!(%status, message, "the call is refused");
        self.note(self.send_header(&ReplyHeader::refusal(status, message)).and_then(|ended| {
            self.flush()?;
            self.reply_ended();
            if !ended {
                self.discard_request()?;
            }
            Ok(())
        }));
    }

    /// Replies with a JSON value.
    pub(super) fn reply_json(&self, value: &dyn Encode) {
        if self.turn.get().accept() == Some(DataType::None) {
            return self.reply_nothing();
        }
        match self.encode(value) {
            Ok(()) => self.note(self.send_json()),
            Err(problem) => {
                tracing::warn!(endpoint = %self.header.endpoint, problem, "the reply cannot be sent");
                self.refuse(Status::ServerError, &problem);
            }
        }
        lock(&self.line.outbound).trim();
    }

    /// A caller that accepts None gets an OK and no body.
    fn reply_nothing(&self) {
        self.note(self.send_header(&ReplyHeader::ok(DataType::None)).and_then(|ended| {
            self.flush()?;
            self.reply_ended();
            if !ended {
                self.discard_request()?;
            }
            Ok(())
        }));
    }

    fn encode(&self, value: &dyn Encode) -> Result<(), String> {
        let limit = self.line.config.max_json_len;
        let mut outbound = lock(&self.line.outbound);
        let mut buffer = JsonBuffer::new(&mut outbound.body, limit);
        value.encode(&mut buffer).map_err(|error| format!("the reply cannot be encoded: {error}"))?;
        match buffer.oversize() {
            None => Ok(()),
            Some(size) => Err(format!("the JSON reply has {size} bytes, {limit} are allowed; a stream has no limit")),
        }
    }

    /// Header and value in one write, or, if the request has not ended, the header at once and the value behind that.
    fn send_json(&self) -> Result<()> {
        let ended = self.send_header(&ReplyHeader::ok(DataType::MarshaledJson))?;
        if !ended {
            self.flush()?;
            self.discard_request()?;
        }
        lock(&self.line.outbound).write_json().map_err(|error| self.write_failed(error))?;
        self.reply_ended();
        Ok(())
    }

    /// Replies with all that a reader has.
    pub(super) fn reply_octets(&self, source: &mut dyn Read) {
        self.note(self.send_octets(source));
    }

    fn send_octets(&self, source: &mut dyn Read) -> Result<()> {
        let ended = self.send_header(&ReplyHeader::ok(DataType::Octets))?;
        self.flush()?;
        if !ended {
            self.discard_request()?;
        }
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = match source.read(&mut chunk) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.source_failed(error)),
            };
            let mut outbound = lock(&self.line.outbound);
            let mut writer = MessageWriter::new(&mut outbound.frames);
            if count == 0 {
                writer.finish().map_err(|error| self.write_failed(error))?;
                self.reply_ended();
                return Ok(());
            }
            writer.write_all(&chunk[..count]).map_err(|error| self.write_failed(error.into()))?;
        }
    }

    /// The rest of the reply cannot be had: a peer of revision 0 is told by a Reset.
    fn source_failed(&self, error: io::Error) -> Error {
        tracing::warn!(endpoint = %self.header.endpoint, %error, "the handler's stream failed, the connection is reset");
        Error::Source(error)
    }

    /// Queues a reply's header; tells whether the request has ended. Nothing is answered to a request that broke.
    fn send_header(&self, header: &ReplyHeader<'_>) -> Result<bool> {
        let ended = self.request_ended()?;
        let mut turn = self.turn.get();
        turn.reply_begun();
        self.turn.set(turn);
        let mut outbound = lock(&self.line.outbound);
        outbound.set_patience(Patience::stall(self.line.config.stall_timeout));
        outbound.header.clear();
        header.encode(&mut outbound.header);
        outbound.queue_header().map_err(|error| self.write_failed(error))?;
        Ok(ended)
    }

    /// Whether the request has ended, as far as can be told without waiting. From here on its rest is thrown away, so a
    /// reader that the handler has kept must not take that for a clean end.
    fn request_ended(&self) -> Result<bool> {
        let mut receiving = lock(&self.line.inbound);
        receiving.call += 1;
        match receiving.failed.take() {
            Some(error) => Err(error),
            None => receiving.inbound.messages.skip_read_ahead().map_err(|error| self.request_failed(error)),
        }
    }

    fn flush(&self) -> Result<()> {
        lock(&self.line.outbound).frames.flush().map_err(|error| self.write_failed(error))
    }

    /// Reads the rest of the request and throws it away. Past the budget the reply goes on, and then the connection ends.
    fn discard_request(&self) -> Result<()> {
        let mut receiving = lock(&self.line.inbound);
        match receiving.inbound.discard_body() {
            Ok(_) => Ok(()),
            Err(error) => Err(self.request_failed(error)),
        }
    }

    fn reply_ended(&self) {
        let mut turn = self.turn.get();
        turn.reply_ended();
        self.turn.set(turn);
    }

    fn request_failed(&self, error: MessageError) -> Error {
        Error::from_message(error, Doing::ReadingRequest, self.line.config.request_timeout, Fate::LOST)
    }

    fn write_failed(&self, error: FrameError) -> Error {
        Error::from_message(error.into(), Doing::Sending, self.line.config.stall_timeout, Fate::LOST)
    }

    /// Keeps the first failure: behind it the connection is closed.
    pub(super) fn note(&self, outcome: Result<()>) {
        if let Err(error) = outcome {
            self.failure.borrow_mut().get_or_insert(error);
        }
    }
}
