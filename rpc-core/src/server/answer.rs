//! Writes the reply of a call, in the order that the rules ask for.

use std::io::{self, Read, Write};

use serde_json::value::RawValue;

use crate::connection::CHUNK;
use crate::error::{Doing, Error, Fate, Result, source_trailer};
use crate::frame::FrameError;
use crate::message::json::JsonBuffer;
use crate::message::{DataType, MessageWriter, ReplyHeader, Status};
use crate::service::Encode;
use crate::transport::Patience;

use super::exchange::{Exchange, lock};

impl Exchange<'_> {
    /// Replies no.
    pub(super) fn refuse(&self, status: Status, message: &str, details: Option<&RawValue>) {
        tracing::debug!(%status, message, "the call is refused");
        self.note(self.send_only(&ReplyHeader::refusal(status, message).with_details(details)));
    }

    /// Replies with a header and no body.
    pub(super) fn send_only(&self, header: &ReplyHeader<'_>) -> Result<()> {
        let ended = self.queue_header(header)?;
        self.flush()?;
        self.reply_ended();
        if ended { Ok(()) } else { self.discard_request() }
    }

    /// Replies with a JSON value.
    pub(super) fn reply_json(&self, value: &dyn Encode) {
        // a caller that accepts None gets an OK and no body
        if self.turn.get().accept() == Some(DataType::None) {
            return self.note(self.send_only(&ReplyHeader::ok(DataType::None)));
        }
        if self.encode_or_refuse(value) {
            self.note(self.send_json());
        }
        lock(&self.line.outbound).trim();
    }

    /// Replies with all that a reader has.
    pub(super) fn reply_octets(&self, source: &mut dyn Read) {
        self.note(self.send_octets(DataType::Octets, source));
    }

    /// Replies with a JSON value and all that a reader has.
    pub(super) fn reply_json_then_octets(&self, value: &dyn Encode, source: &mut dyn Read) {
        if self.encode_or_refuse(value) {
            self.note(self.send_octets(DataType::MarshaledJsonThenOctets, source));
        }
        lock(&self.line.outbound).trim();
    }

    /// Puts a value where it is sent from. One that cannot be is a ServerError.
    fn encode_or_refuse(&self, value: &dyn Encode) -> bool {
        let problem = match self.encode(value) {
            Ok(()) => return true,
            Err(problem) => problem,
        };
        tracing::warn!(endpoint = %self.header.endpoint, problem, "the reply cannot be sent");
        self.refuse(Status::ServerError, &problem, None);
        false
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
        let ended = self.queue_header(&ReplyHeader::ok(DataType::MarshaledJson))?;
        if !ended {
            self.flush()?;
            self.discard_request()?;
        }
        lock(&self.line.outbound).write_json().map_err(|error| self.write_failed(error))?;
        self.reply_ended();
        Ok(())
    }

    fn send_octets(&self, body: DataType, source: &mut dyn Read) -> Result<()> {
        let ended = self.queue_header(&ReplyHeader::ok(body))?;
        let discard_first = !ended && !self.turn.get().full_duplex();
        if body.has_json() && !discard_first {
            lock(&self.line.outbound).write_json().map_err(|error| self.write_failed(error))?;
        } else {
            self.flush()?;
        }
        if discard_first {
            self.discard_request()?;
            if body.has_json() {
                lock(&self.line.outbound).write_json().map_err(|error| self.write_failed(error))?;
            }
        }
        self.send_frames(source)?;
        self.reply_ended();
        if self.turn.get().full_duplex() {
            self.discard_request()?;
        }
        Ok(())
    }

    /// Sends what a source gives, as it gives it; looks for a cancel before each frame.
    fn send_frames(&self, source: &mut dyn Read) -> Result<()> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = match source.read(&mut chunk) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.source_failed(error),
            };
            if self.cancelled()? {
                return self.trail(&ReplyHeader::trailer(Status::RequestError, "cancelled by the client"));
            }
            let mut outbound = lock(&self.line.outbound);
            let mut writer = MessageWriter::new(&mut outbound.frames);
            if count == 0 {
                return writer.finish().map_err(|error| self.write_failed(error));
            }
            writer.write_all(&chunk[..count]).map_err(|error| self.write_failed(error.into()))?;
        }
    }

    /// The handler panicked. Its caller is told, unless the reply has ended before.
    pub(super) fn panicked(&self) {
        const TEXT: &str = "the handler panicked";
        let turn = self.turn.get();
        if turn.reply_owed() {
            self.refuse(Status::ServerError, TEXT, None);
        } else if turn.can_trail() && !turn.reply_is_over() {
            self.note(self.trail(&ReplyHeader::trailer(Status::ServerError, TEXT)).and_then(|()| {
                self.reply_ended();
                self.discard_request()
            }));
        }
    }

    /// The rest of the reply cannot be had. The client is told why, if it understands that; else by a Reset.
    fn source_failed(&self, error: io::Error) -> Result<()> {
        tracing::warn!(endpoint = %self.header.endpoint, %error, "the handler's stream failed");
        if !self.turn.get().can_trail() {
            return Err(Error::Source { error, fate: Fate::LOST });
        }
        self.trail(&source_trailer(&error))
    }

    /// Ends the reply's body in place of its next frame, unless the request broke: then the connection ends with it.
    fn trail(&self, trailer: &ReplyHeader<'_>) -> Result<()> {
        self.check_request()?;
        lock(&self.line.outbound).write_trailer(trailer).map_err(|error| self.write_failed(error))
    }

    /// Queues a reply's header; tells whether the request has ended. Nothing is answered to a request that broke.
    fn queue_header(&self, header: &ReplyHeader<'_>) -> Result<bool> {
        let ended = self.request_ended(header.error != Status::Ok.to_wire())?;
        self.reply_begun();
        let mut outbound = lock(&self.line.outbound);
        outbound.set_patience(Patience::stall(self.line.config.stall_timeout));
        outbound.header.clear();
        header.encode(&mut outbound.header);
        outbound.queue_header().map_err(|error| self.write_failed(error))?;
        Ok(ended)
    }

    fn flush(&self) -> Result<()> {
        lock(&self.line.outbound).frames.flush().map_err(|error| self.write_failed(error))
    }

    fn write_failed(&self, error: FrameError) -> Error {
        Error::from_message(error.into(), Doing::Sending, self.line.config.stall_timeout, Fate::LOST)
    }
}
