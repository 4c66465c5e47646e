//! A reply on its way in.

use std::time::Duration;

use crate::connection::{Answer, Inbound};
use crate::error::{Error, Fate, Operation, RemoteError, Result};
use crate::message::{DataType, MessageError, ReplyHeader, Violation};
use crate::transport::{Filled, KernelPipe, TimeLimit};

use super::connection::ClientConnection;
use super::options::Deadline;

impl ClientConnection {
    /// Waits for the reply's header. A reply that says no is an error.
    pub(super) fn reply_header(&mut self, deadline: Deadline) -> Result<DataType> {
        self.inbound.set_time_limit(TimeLimit::until(deadline.at));
        self.next_header(deadline.limit)
    }

    /// The same, within the time limit that is set; `limit` is how long that is.
    pub(super) fn next_header(&mut self, limit: Option<Duration>) -> Result<DataType> {
        let mut header = std::mem::take(&mut self.inbound.header);
        let outcome = self.read_reply_header(&mut header, limit);
        self.inbound.header = header;
        outcome
    }

    fn read_reply_header(&mut self, bytes: &mut Vec<u8>, limit: Option<Duration>) -> Result<DataType> {
        let read = self.inbound.messages.read_header(bytes);
        self.judge_header(read, bytes, limit)
    }

    /// What a reply's header says, or why there is none.
    pub(super) fn judge_header(
        &mut self,
        read: Result<bool, MessageError>,
        bytes: &[u8],
        limit: Option<Duration>,
    ) -> Result<DataType> {
        let failed =
            |error: MessageError, fate: Fate| Error::from_message(error, Operation::WaitingForReply, limit, fate);
        match read {
            Ok(true) => {}
            Ok(false) => return Err(failed(Violation::EndOfStream { expected: "a reply" }.into(), Fate::LOST)),
            Err(MessageError::Reset) => return Err(failed(MessageError::Reset, Fate::UNREACHED)),
            Err(error) => return Err(failed(error, Fate::LOST)),
        }
        let header = ReplyHeader::decode(bytes).map_err(|violation| failed(violation.into(), Fate::LOST))?;
        self.revision = Some(header.revision);
        match self.turn().reply_header(&header) {
            Ok(Answer::Body(body)) => {
                self.inbound.messages.allow_trailers(header.revision >= 1);
                self.inbound.messages.start_body(body.messages());
                Ok(body)
            }
            Ok(Answer::Refused(status)) => Err(Error::Remote(RemoteError {
                status,
                message: header.error_message.into_owned(),
                details: header.error_details.map(|json| json.get().into()),
                fate: self.fate(),
            })),
            Err(violation) => Err(failed(violation.into(), Fate::LOST)),
        }
    }

    /// Reads the JSON of a reply whose header [`call`](ClientConnection::call) has read.
    pub(crate) fn read_json(&mut self, body: DataType, limit: Option<Duration>) -> Result<&[u8]> {
        let Inbound { messages, body: bytes, .. } = &mut self.inbound;
        if !body.has_body() {
            bytes.clear();
            bytes.extend_from_slice(b"null");
            return Ok(&self.inbound.body);
        }
        let read = messages.read_body(self.config.max_json_len, bytes);
        self.judge_json(read, body, limit)?;
        Ok(&self.inbound.body)
    }

    /// What has become of a reply's JSON.
    pub(super) fn judge_json(
        &mut self,
        read: Result<(), MessageError>,
        body: DataType,
        limit: Option<Duration>,
    ) -> Result<()> {
        match read {
            Ok(()) if body.has_octets() => self.inbound.messages.next_part(),
            Ok(()) => self.turn().reply_ended(),
            Err(MessageError::TooLong { what, limit: most }) => return Err(self.skip_oversize(body, what, most)),
            Err(MessageError::Trailer(trailer)) => {
                self.turn().reply_ended();
                // where octets go both ways the request goes on, and nobody wants that any more
                self.abandon();
                return Err(Error::Remote((*trailer).into()).with_fate(self.fate()));
            }
            Err(error) => {
                self.broken = true;
                return Err(Error::from_message(error, Operation::WaitingForReply, limit, Fate::LOST));
            }
        }
        Ok(())
    }

    /// A reply over the limit is passed over, within a budget, so that the connection stays in step. Octets behind it have
    /// no limit, so they are cancelled.
    fn skip_oversize(&mut self, body: DataType, what: &'static str, limit: u64) -> Error {
        if body.has_octets() {
            self.abandon();
        } else if matches!(self.inbound.discard_body(), Ok(true)) {
            self.turn().reply_ended();
        } else {
            self.broken = true;
        }
        Error::Limit { what, size: None, limit, fate: self.fate() }
    }

    /// Reads from a reply of octets; 0 at its end only.
    pub(crate) fn read_octets(&mut self, out: &mut [u8]) -> Result<usize> {
        self.await_octets();
        let outcome = self.receive_octets(out);
        self.octets_read(outcome)
    }

    /// Reads ahead in a reply of octets; returns how many bytes can be [shown](ClientConnection::shown_octets), 0 at its end only.
    pub(crate) fn fill_octets(&mut self) -> Result<usize> {
        self.await_octets();
        let outcome = self.receive_ahead();
        self.octets_read(outcome)
    }

    /// Reads from the body, within the time limit that is set.
    pub(super) fn receive_octets(&mut self, out: &mut [u8]) -> Result<usize, MessageError> {
        self.inbound.messages.read_message(out)
    }

    /// Reads ahead in the body, within the time limit that is set.
    pub(super) fn receive_ahead(&mut self) -> Result<usize, MessageError> {
        self.inbound.messages.fill_message().map(<[u8]>::len)
    }

    /// Moves octets of the reply into a pipe.
    pub(crate) fn octets_to_pipe(&mut self, pipe: &mut KernelPipe, len: usize) -> Result<Filled> {
        self.await_octets();
        match self.inbound.body_to_pipe(pipe, len) {
            Ok(Filled::With(count)) => self.octets_read(Ok(count)).map(Filled::With),
            Ok(other) => Ok(other),
            Err(error) => self.octets_read(Err(error)).map(Filled::With),
        }
    }

    /// The first `count` bytes of those that were read ahead.
    pub(crate) fn shown_octets(&self, count: usize) -> &[u8] {
        &self.inbound.messages.frames().buffered()[..count]
    }

    pub(crate) fn consume_octets(&mut self, count: usize) {
        self.inbound.messages.consume_message(count);
        self.note_end();
    }

    fn await_octets(&mut self) {
        self.inbound.set_time_limit(TimeLimit::total(self.config.stall_timeout));
    }

    pub(super) fn octets_read(&mut self, outcome: Result<usize, MessageError>) -> Result<usize> {
        match outcome {
            Ok(count) => {
                self.note_end();
                Ok(count)
            }
            Err(MessageError::Trailer(trailer)) => {
                self.turn().reply_ended();
                Err(Error::Remote((*trailer).into()).with_fate(self.fate()))
            }
            Err(error) => {
                self.broken = true;
                Err(Error::from_message(error, Operation::ReadingStream, self.config.stall_timeout, Fate::LOST))
            }
        }
    }

    fn note_end(&mut self) {
        if self.inbound.messages.body_ended() {
            self.turn().reply_ended();
        }
    }
}
