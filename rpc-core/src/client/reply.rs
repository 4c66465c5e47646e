//! Reading a reply. It may stop when the current time limit has passed, and resume later.

use std::io;
use std::time::{Duration, Instant};

use crate::connection::{Answer, Target};
use crate::error::{Error, Fate, Operation, RemoteError, Result};
use crate::message::{DataType, MessageError, ReplyHeader, Violation};
use crate::observe::Ended;
use crate::transport::{Filled, TimeLimit, limit_has_passed};

use super::connection::ClientConnection;
use super::deadline::Deadline;

/// Names the endpoint in the error of a reply whose JSON is not what was expected.
pub(super) fn of_endpoint(error: Error, endpoint: &str) -> Error {
    match error {
        Error::Protocol { violation, fate } => Error::Protocol { violation: violation.of(reply_of(endpoint)), fate },
        other => other,
    }
}

/// Returns what errors call the reply of an endpoint.
pub(super) fn reply_of(endpoint: &str) -> String {
    format!("the reply of {endpoint}")
}

impl ClientConnection {
    /// Waits for the reply's header. A refusal is an error.
    pub(super) fn reply_header(&mut self, deadline: Deadline<'_>) -> Result<DataType> {
        self.inbound.set_time_limit(TimeLimit::Until(deadline.at));
        let header = self.resume_header()?;
        self.or_deadline_error(header, deadline.limit)
    }

    /// Reads the JSON of a reply whose header has been read.
    pub(super) fn read_json(&mut self, body: DataType, limit: Option<Duration>) -> Result<()> {
        self.received_json.clear();
        let read = self.resume_json(body)?;
        self.or_deadline_error(read, limit)
    }

    /// Begins the turn of the next reply, of a call whose request and reply are JSON, unless it has
    /// begun.
    pub(super) fn expect_reply(&mut self) {
        if self.turn.over() {
            self.begin_turn(DataType::MarshaledJson, DataType::MarshaledJson);
            self.turn.request_ended();
        }
    }

    /// Reads the next reply, of a call whose request and reply are JSON, into `received_json`, or
    /// resumes that. Returns `None` if not all of it has arrived within the current time limit.
    pub(super) fn resume_reply(&mut self) -> Result<Option<()>> {
        self.expect_reply();
        let mut body = DataType::MarshaledJson;
        if self.turn.reply_awaited() {
            let Some(announced) = self.resume_header()? else { return Ok(None) };
            self.received_json.clear();
            body = announced;
        }
        self.resume_json(body)
    }

    /// Resumes reading the reply's header. A refusal is an error. Returns `None` if not all of it
    /// has arrived within the current time limit.
    pub(super) fn resume_header(&mut self) -> Result<Option<DataType>> {
        let failed = |error: MessageError| Error::from_message(error, Operation::WaitingForReply, None, Fate::LOST);
        match self.inbound.messages.read_header(&mut self.received_header) {
            Ok(true) => {}
            Ok(false) => return Err(failed(Violation::EndOfStream { expected: "a reply" }.into())),
            Err(error) if self.is_late(&error) => return Ok(None),
            Err(MessageError::Reset) => {
                // for the server the connection was idle
                self.was_ended(Ended::Reset);
                return Err(failed(MessageError::Reset).with_fate(Fate::UNREACHED));
            }
            // a system's error of this kind means that a packet was refused, after others were read
            Err(MessageError::Io(error))
                if error.kind() == io::ErrorKind::ConnectionRefused && error.raw_os_error().is_none() =>
            {
                return Err(failed(error.into()).with_fate(Fate::UNREACHED));
            }
            Err(error) => return Err(failed(error)),
        }
        let header = ReplyHeader::decode(&self.received_header).map_err(|violation| failed(violation.into()))?;
        self.revision = Some(header.revision);
        self.replied_at = self.watched.then(Instant::now);
        match self.turn.reply_header(&header).map_err(|violation| failed(violation.into()))? {
            Answer::Body(body) => {
                self.inbound.messages.allow_trailers(header.revision >= 1);
                self.inbound.messages.start_body(body.messages());
                Ok(Some(body))
            }
            Answer::Refused(status) => Err(Error::Remote(RemoteError {
                status,
                message: header.error_message.into_owned(),
                details: header.error_details.map(|json| json.get().into()),
                fate: self.fate(),
            })),
        }
    }

    /// Resumes reading a reply's JSON. Returns `None` if not all of it has arrived within the
    /// current time limit.
    fn resume_json(&mut self, body: DataType) -> Result<Option<()>> {
        if !body.has_body() {
            self.received_json.extend_from_slice(b"null");
            return Ok(Some(()));
        }
        match self.inbound.messages.read_body(self.settings.max_json_len, &mut self.received_json) {
            Ok(()) if body.has_octets() => self.inbound.messages.next_part(),
            Ok(()) => self.turn.reply_ended(),
            Err(error) if self.is_late(&error) => return Ok(None),
            Err(MessageError::TooLong { limit, .. }) => return Err(self.skip_oversize(body, limit)),
            Err(MessageError::Trailer(trailer)) => {
                self.turn.reply_ended();
                // if octets go both ways, the request is still being sent, and is not wanted any
                // more
                self.abandon();
                return Err(Error::Remote((*trailer).into()).with_fate(self.fate()));
            }
            Err(error) => return self.fail(Error::from_message(error, Operation::WaitingForReply, None, Fate::LOST)),
        }
        Ok(Some(()))
    }

    /// Returns whether the error only means that nothing arrived within the current time limit, or
    /// that the transport cannot look without waiting.
    pub(super) fn is_late(&self, error: &MessageError) -> bool {
        let MessageError::Io(error) = error else { return false };
        let time_limit = self.inbound.messages.frames().get_ref().time_limit;
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::Unsupported => matches!(time_limit, TimeLimit::Now(_)),
            _ => limit_has_passed(error) && time_limit.deadline().is_some(),
        }
    }

    /// Fails if the time limit has passed before the read completed, for a call that does not
    /// resume it.
    pub(super) fn or_deadline_error<T>(&mut self, read: Option<T>, limit: Option<Duration>) -> Result<T> {
        let (operation, limit) = (Operation::WaitingForReply, limit.unwrap_or_default());
        match read {
            Some(read) => Ok(read),
            None => self.fail(Error::Deadline { operation, limit, fate: Fate::LOST }),
        }
    }

    /// Skips a reply over the limit, within a budget, so that the connection stays in step. Octets
    /// after it have no limit, so they are cancelled.
    fn skip_oversize(&mut self, body: DataType, limit: u64) -> Error {
        if body.has_octets() {
            self.abandon();
        } else {
            self.discard_reply();
        }
        Error::Limit { what: "JSON reply".into(), size: None, limit, fate: self.fate() }
    }

    /// Returns the error of a reply whose JSON is not what was expected, and abandons what follows
    /// the JSON.
    pub(super) fn malformed(&mut self, violation: Violation) -> Error {
        self.abandon();
        Error::Protocol { violation, fate: self.fate() }
    }

    /// Decodes the JSON of a reply, which has been read.
    pub(super) fn decode_json<T>(&mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T> {
        decode(&self.received_json).map_err(|violation| self.malformed(violation))
    }

    /// Receives octets of the reply within the stall limit.
    pub(super) fn receive(&mut self, target: &mut Target<'_>) -> Result<Filled> {
        if self.is_cancelled() {
            return Err(self.cancel_stream());
        }
        self.inbound.set_time_limit(TimeLimit::total(self.stall_limit));
        let received = self.inbound.receive(target);
        self.octets_received(received)
    }

    /// Handles the result of receiving octets.
    pub(super) fn octets_received(&mut self, received: Result<Filled, MessageError>) -> Result<Filled> {
        match received {
            Ok(filled) => {
                self.note_end();
                Ok(filled)
            }
            Err(MessageError::Trailer(trailer)) => {
                self.turn.reply_ended();
                Err(Error::Remote((*trailer).into()).with_fate(self.fate()))
            }
            // the token has ended the wait, and nothing is lost
            Err(MessageError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock && self.is_cancelled() => {
                Err(self.cancel_stream())
            }
            Err(error) => self.fail(Error::from_message(error, Operation::ReadingStream, self.stall_limit, Fate::LOST)),
        }
    }

    /// Skips octets that were read ahead.
    pub(super) fn consume_octets(&mut self, count: usize) {
        self.inbound.messages.consume_message(count);
        self.note_end();
    }

    fn note_end(&mut self) {
        if self.inbound.messages.body_ended() {
            self.reply_is_whole = true;
            self.turn.reply_ended();
        }
    }
}
