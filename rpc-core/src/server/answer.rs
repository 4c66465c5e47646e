//! Writes the reply of a call, in the order that the rules ask for.

use std::io;
use std::sync::MutexGuard;

use serde_json::value::RawValue;

use crate::codec::Encode;
use crate::connection::Outbound;
use crate::error::{Error, Fate, Operation, Result, source_trailer};
use crate::frame::{FRAME_HEADER_LEN, FrameError};
use crate::message::json::JsonBuffer;
use crate::message::{DataType, MessageWriter, ReplyHeader, Status};
use crate::stream::{Pieces, Source};
use crate::transport::TimeLimit;

use super::exchange::{Exchange, lock};
use super::reply_batching::send_soon;

/// Bytes of a small reply. No more are held back than leave room for another one.
const LIKELY_REPLY: usize = 64;

impl Exchange<'_> {
    /// Replies no.
    pub(super) fn refuse(&self, status: Status, message: &str, details: Option<&RawValue>) {
        tracing::debug!(%status, message, "the call is refused");
        self.note(self.send_only(&ReplyHeader::refusal(status, message).with_details(details)));
    }

    /// Replies with a header and no body.
    pub(super) fn send_only(&self, header: &ReplyHeader<'_>) -> Result<()> {
        let (ended, mut outbound) = self.queue_header(header)?;
        self.send_or_hold(&mut outbound)?;
        drop(outbound);
        self.reply_ended();
        if ended { Ok(()) } else { self.discard_request() }
    }

    /// Replies with a JSON value.
    pub(super) fn reply_json(&self, value: &dyn Encode) {
        // a caller that accepts None gets an OK and no body
        if self.turn.get().accept() == Some(DataType::None) {
            return self.note(self.send_only(&ReplyHeader::ok(DataType::None)));
        }
        if let Some(json) = self.encode_or_refuse(value) {
            self.note(self.send_json(json));
        }
    }

    /// Replies with all that a reader has.
    pub(super) fn reply_octets(&self, source: Source<'_>) {
        self.note(self.send_octets(DataType::Octets, source));
    }

    /// Replies with a JSON value and all that a reader has.
    pub(super) fn reply_json_then_octets(&self, value: &dyn Encode, source: Source<'_>) {
        if let Some(json) = self.encode_or_refuse(value) {
            lock(&self.line.outbound).body = json;
            self.note(self.send_octets(DataType::MarshaledJsonThenOctets, source));
        }
    }

    /// A value as JSON. One that cannot be had so is a ServerError.
    fn encode_or_refuse(&self, value: &dyn Encode) -> Option<Vec<u8>> {
        let problem = match self.encode(value) {
            Ok(json) => return Some(json),
            Err(problem) => problem,
        };
        tracing::warn!(endpoint = %self.header.endpoint, problem, "the reply cannot be sent");
        self.refuse(Status::ServerError, &problem, None);
        None
    }

    /// The buffer for that is taken out meanwhile, for writing a value as JSON runs code of the user's.
    fn encode(&self, value: &dyn Encode) -> Result<Vec<u8>, String> {
        let limit = self.line.config.max_json_len;
        let mut json = std::mem::take(&mut lock(&self.line.outbound).body);
        let mut buffer = JsonBuffer::new(&mut json, limit);
        value.encode(&mut buffer).map_err(|error| format!("the reply cannot be encoded: {error}"))?;
        match buffer.oversize() {
            None => Ok(json),
            Some(size) => Err(format!("the JSON reply has {size} bytes, {limit} are allowed; a stream has no limit")),
        }
    }

    /// Header and value in one write, or, if the request has not ended, the header at once and the value behind that.
    fn send_json(&self, json: Vec<u8>) -> Result<()> {
        let (ended, mut outbound) = self.queue_header(&ReplyHeader::ok(DataType::MarshaledJson))?;
        if !ended {
            drop(outbound);
            self.flush()?;
            self.discard_request()?;
            outbound = lock(&self.line.outbound);
        }
        outbound.body = json;
        let sent = if self.another_waits.get() && outbound.frames.has_room(FRAME_HEADER_LEN + outbound.body.len()) {
            outbound
                .queue_json()
                .map_err(|error| self.write_failed(error))
                .and_then(|()| self.send_or_hold(&mut outbound))
        } else {
            outbound.write_json().map_err(|error| self.write_failed(error))
        };
        drop(outbound);
        sent?;
        self.reply_ended();
        Ok(())
    }

    /// Sends what is queued, or leaves it to the reply to the next request, if that has come already.
    fn send_or_hold(&self, outbound: &mut Outbound) -> Result<()> {
        let holds = self.another_waits.get()
            && outbound.frames.has_room(LIKELY_REPLY)
            && outbound.frames.get_ref().can_try()
            && (outbound.visited_soon || send_soon(&self.line.outbound));
        outbound.visited_soon |= holds;
        if holds { Ok(()) } else { outbound.frames.flush().map_err(|error| self.write_failed(error)) }
    }

    fn send_octets(&self, body: DataType, source: Source<'_>) -> Result<()> {
        let (ended, outbound) = self.queue_header(&ReplyHeader::ok(body))?;
        drop(outbound);
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
    fn send_frames(&self, mut source: Source<'_>) -> Result<()> {
        let mut pieces = Pieces::new(&mut source, lock(&self.line.outbound).takes_pipes());
        loop {
            let count = match pieces.get() {
                Ok(count) => count,
                Err(error) => return self.source_failed(error),
            };
            if self.cancelled()? {
                return self.trail(&ReplyHeader::trailer(Status::RequestError, "cancelled by the client"));
            }
            let mut outbound = lock(&self.line.outbound);
            if count == 0 {
                let writer = MessageWriter::new(&mut outbound.frames);
                return writer.finish().map_err(|error| self.write_failed(error));
            }
            pieces.send(&mut outbound).map_err(|error| self.write_failed(error))?;
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

    /// Queues a reply's header; tells whether the request has ended, and goes on holding the lock. Nothing is answered to a
    /// request that broke.
    fn queue_header(&self, header: &ReplyHeader<'_>) -> Result<(bool, MutexGuard<'_, Outbound>)> {
        let ended = self.request_ended(header.error != Status::Ok.to_wire())?;
        self.reply_begun();
        let mut outbound = lock(&self.line.outbound);
        outbound.set_time_limit(TimeLimit::stall(self.line.config.stall_timeout));
        outbound.header.clear();
        header.encode(&mut outbound.header);
        outbound.queue_header().map_err(|error| self.write_failed(error))?;
        Ok((ended, outbound))
    }

    fn flush(&self) -> Result<()> {
        lock(&self.line.outbound).frames.flush().map_err(|error| self.write_failed(error))
    }

    fn write_failed(&self, error: FrameError) -> Error {
        Error::from_message(error.into(), Operation::Sending, self.line.config.stall_timeout, Fate::LOST)
    }
}
