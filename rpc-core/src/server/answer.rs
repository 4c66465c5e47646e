//! Writes the reply of a call, in the order that the rules require.

use std::io;
use std::sync::MutexGuard;

use serde_json::value::RawValue;

use crate::codec::Encode;
use crate::connection::{Outbound, ServerTurn};
use crate::error::{Error, Fate, Operation, Result, source_trailer};
use crate::frame::{FRAME_HEADER_LEN, FrameError, FrameKind};
use crate::message::json::JsonBuffer;
use crate::message::{DataType, ReplyHeader, Status};
use crate::observe::StreamEnd;
use crate::stream::{Pieces, Source};
use crate::transport::TimeLimit;

use super::exchange::Exchange;
use crate::lock::lock;

/// Size of a small reply in bytes. Replies are held back only as long as there is room for another
/// one.
const LIKELY_REPLY: usize = 64;

impl Exchange<'_> {
    /// Refuses the call.
    pub(super) fn refuse(&self, status: Status, message: &str, details: Option<&RawValue>) -> Result<()> {
        tracing::debug!(%status, message, "refusing the call");
        self.send_only(&ReplyHeader::refusal(status, message).with_details(details))
    }

    /// Replies with a header and no body.
    pub(super) fn send_only(&self, header: &ReplyHeader<'_>) -> Result<()> {
        let mut outbound = self.begin_reply(header)?;
        self.send_or_hold(&mut outbound)?;
        self.end_reply(outbound);
        Ok(())
    }

    /// Replies with a JSON value.
    pub(super) fn reply_json(&self, value: &dyn Encode) -> Result<()> {
        // a caller that accepts None gets OK without a body
        if self.turn.get().accept == Some(DataType::None) {
            return self.send_only(&ReplyHeader::ok(DataType::None));
        }
        self.encode(value, |json| self.send_json(json))
    }

    /// Replies with a JSON value and then everything that a reader returns.
    pub(super) fn reply_json_then_octets(&self, value: &dyn Encode, source: Source<'_>) -> Result<()> {
        self.encode(value, |json| self.send_octets(DataType::MarshaledJsonThenOctets, Some(json), source))
    }

    /// Encodes a value as JSON and sends it, or replies with a ServerError if that fails.
    fn encode(&self, value: &dyn Encode, send: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let limit = self.connection.config.max_json_len;
        self.connection.with_json(|json| {
            let mut buffer = JsonBuffer::new(json, limit);
            let problem = match (value.encode(&mut buffer), buffer.oversize()) {
                (Ok(()), None) => return send(json),
                (Ok(()), Some(size)) => {
                    format!("the JSON reply has {size} bytes, the server allows {limit}; a stream has no limit")
                }
                (Err(error), _) => format!("the reply cannot be encoded: {error}"),
            };
            let (peer, endpoint) = (&self.connection.peer, &self.header.endpoint);
            tracing::warn!(%peer, %endpoint, problem, "the reply cannot be sent");
            self.refuse(Status::ServerError, &problem, None)
        })
    }

    /// Sends header and value in one write; if the request has not ended, sends the header before
    /// throwing away its rest, and then the value.
    fn send_json(&self, json: &[u8]) -> Result<()> {
        let mut outbound = self.begin_reply(&ReplyHeader::ok(DataType::MarshaledJson))?;
        if outbound.frames.has_room(FRAME_HEADER_LEN + json.len()) {
            self.written(outbound.frames.queue(FrameKind::Data, true, json))?;
            self.send_or_hold(&mut outbound)?;
        } else {
            self.written(outbound.frames.finish_body(json))?;
        }
        self.end_reply(outbound);
        Ok(())
    }

    /// Sends what is queued, or holds it back for the next reply if the next request has come
    /// already.
    fn send_or_hold(&self, outbound: &mut Outbound) -> Result<()> {
        let holds = self.another_waits.get()
            && outbound.frames.has_room(LIKELY_REPLY)
            && outbound.expect_visit(&self.connection.outbound);
        if holds { Ok(()) } else { self.written(outbound.frames.flush()) }
    }

    /// Replies with a JSON value, if there is one, and then everything that a reader returns.
    pub(super) fn send_octets(&self, body: DataType, json: Option<&[u8]>, mut source: Source<'_>) -> Result<()> {
        let mut outbound = self.begin_reply(&ReplyHeader::ok(body))?;
        self.written(match json {
            Some(json) => outbound.frames.finish_body(json),
            None => outbound.frames.flush(),
        })?;
        let mut pieces = Pieces::new(&mut source, outbound.takes_pipes());
        drop(outbound);
        self.send_pieces(&mut pieces)?;
        if self.turn.get().full_duplex() { self.discard_request() } else { Ok(()) }
    }

    /// Sends everything that a source returns, as it comes. Looks for a cancel before each frame;
    /// an item that is held back goes into a later one.
    fn send_pieces(&self, pieces: &mut Pieces<'_, '_>) -> Result<()> {
        loop {
            let count = match pieces.get() {
                Ok(count) => count,
                Err(error) => return self.source_failed(error),
            };
            if pieces.are_items() && pieces.hold(&mut lock(&self.connection.outbound)) {
                continue;
            }
            if self.cancelled()? {
                self.note_stream(StreamEnd::Cancelled);
                return self.trail(&ReplyHeader::trailer(Status::RequestError, "cancelled by the client"));
            }
            let mut outbound = lock(&self.connection.outbound);
            if count == 0 {
                self.written(outbound.frames.finish_body(&[]))?;
                self.end_reply(outbound);
                self.note_stream(StreamEnd::Completed);
                return Ok(());
            }
            self.written(pieces.send(&mut *outbound))?;
            if pieces.are_items() {
                outbound.expect_visit(&self.connection.outbound);
            }
        }
    }

    /// Reports to the caller that the handler panicked, unless the reply has ended.
    pub(super) fn panicked(&self) -> Result<()> {
        const TEXT: &str = "the handler panicked";
        self.note_panic();
        let turn = self.turn.get();
        if turn.reply_owed() {
            self.refuse(Status::ServerError, TEXT, None)
        } else if turn.can_trail() && !turn.reply_is_over() {
            self.note_stream(StreamEnd::Broke);
            self.trail(&ReplyHeader::trailer(Status::ServerError, TEXT))?;
            self.discard_request()
        } else {
            Ok(())
        }
    }

    /// Ends a reply whose source failed: with a Trailer frame that says why, or, if the client does
    /// not understand those, with the connection.
    fn source_failed(&self, error: io::Error) -> Result<()> {
        let (peer, endpoint) = (&self.connection.peer, &self.header.endpoint);
        tracing::warn!(%peer, %endpoint, %error, "the handler's stream failed");
        self.note_source_failure();
        if !self.turn.get().can_trail() {
            return Err(Error::Source { error, fate: Fate::LOST });
        }
        self.trail(&source_trailer(&error))
    }

    /// Ends the reply's body with a Trailer frame.
    ///
    /// # Errors
    /// If the request is broken, or writing fails: then the connection ends.
    fn trail(&self, trailer: &ReplyHeader<'_>) -> Result<()> {
        self.connection.inbound.ask(|_| Ok(false))?;
        let mut outbound = lock(&self.connection.outbound);
        self.written(outbound.write_trailer(trailer))?;
        self.end_reply(outbound);
        Ok(())
    }

    /// Queues a reply's header. Unless octets go both ways, a request that has not ended is thrown
    /// away before the rest of the reply is sent; the header is sent before that, and the lock is
    /// released meanwhile.
    ///
    /// # Errors
    /// If the request is broken: it is not answered.
    fn begin_reply(&self, header: &ReplyHeader<'_>) -> Result<MutexGuard<'_, Outbound>> {
        let goes_on = self.reply_may_go_on(header)?;
        self.change_turn(ServerTurn::reply_begun);
        self.note_reply(header);
        self.connection.unanswered.set(false);
        let mut outbound = lock(&self.connection.outbound);
        outbound.set_time_limit(TimeLimit::Stall(self.connection.config.stall_timeout));
        self.written(outbound.queue_reply(header))?;
        if goes_on {
            return Ok(outbound);
        }
        self.written(outbound.frames.flush())?;
        drop(outbound);
        self.discard_request()?;
        Ok(lock(&self.connection.outbound))
    }

    fn end_reply(&self, mut outbound: MutexGuard<'_, Outbound>) {
        outbound.trim();
        self.change_turn(ServerTurn::reply_ended);
    }

    /// Converts the outcome of writing a part of the reply.
    fn written(&self, outcome: Result<(), FrameError>) -> Result<()> {
        let limit = self.connection.config.stall_timeout;
        outcome.map_err(|error| Error::from_message(error.into(), Operation::Sending, limit, Fate::LOST))
    }
}
