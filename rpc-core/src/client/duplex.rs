//! Octets both ways: the client reads while it writes, and never waits for one direction alone.
//!
//! Only the caller's own thread moves the bytes. Each read of the reply takes what has arrived. If
//! nothing has, it sends what the transport takes without blocking. If it takes nothing, the thread
//! waits until either direction is ready. Progress in either direction counts for both. Reading the
//! source may block, and nothing is read from the reply meanwhile: a source that itself waits for
//! the reply's bytes waits forever.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use crate::connection::{Ahead, ClientTurn, DISCARD_BYTES, Target};
use crate::error::{Error, Fate, Operation, Result, source_trailer};
use crate::message::{DataType, MessageError, ReplyHeader, Status};
use crate::stream::Source;
use crate::transport::{Control, Filled, TimeLimit, Transport, memory_pair, time_left, with_helpers};

use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::pump::Pump;

impl ClientConnection {
    /// Makes the transport able to wait for both directions: one that is not is handed to helper
    /// threads.
    pub(super) fn ensure_pollable(&mut self) -> Result<()> {
        // a wrapped half may be unable to look ahead, although the one below it can wait
        if self.control.as_ref().is_some_and(|control| control.can_wait()) && self.inbound.look_ahead() != Ahead::Blind
        {
            return Ok(());
        }
        self.hand_to_helpers().map_err(Error::transport(Operation::Sending, Fate::UNREACHED))
    }

    fn hand_to_helpers(&mut self) -> io::Result<()> {
        let reader = &mut self.inbound.messages.frames_mut().get_mut().half;
        let writer = &mut self.outbound.frames.get_mut().half;
        // if a thread cannot be started, these halves remain, which fail because they have no peer
        let instead = memory_pair().0.into_parts()?;
        let parts = with_helpers(std::mem::replace(reader, instead.reader), std::mem::replace(writer, instead.writer))?;
        (*reader, *writer) = (parts.reader, parts.writer);
        self.control = parts.control;
        Ok(())
    }

    /// Sends the stream of a request that has begun, until the reply's header arrives, and reads
    /// that.
    pub(super) fn exchange_duplex(&mut self, source: &mut Source<'_>, deadline: Deadline<'_>) -> Result<DataType> {
        self.pump = Pump::default();
        let mut until = self.stalled_at(deadline);
        while self.turn.sending() && self.inbound.look_ahead() == Ahead::Nothing {
            if deadline.is_cancelled() {
                return Err(deadline.error(Operation::Sending, Fate::LOST));
            }
            match self.send_some(source, deadline) {
                Ok(true) => until = self.stalled_at(deadline),
                Ok(false) => self.wait_for_either(until, deadline, Operation::Sending)?,
                Err(Error::Transport { error, fate, .. }) => return self.explain(error, fate, deadline),
                Err(error) => return Err(error),
            }
        }
        let answer = self.reply_header(deadline.after_stream());
        if self.turn.must_stop() {
            self.finish_duplex();
        }
        self.with_current_fate(answer)
    }

    /// Receives octets of the reply, and sends the request meanwhile.
    pub(super) fn receive_duplex(&mut self, source: &mut Source<'_>, target: &mut Target<'_>) -> Result<Filled> {
        let token = self.token().cloned();
        let deadline = Deadline::none().or_cancelled_by(token.as_ref());
        let mut until = self.stalled_at(deadline);
        loop {
            if deadline.is_cancelled() {
                return Err(self.cancel_stream());
            }
            let sending = self.turn.sending();
            self.inbound.set_time_limit(if sending { TimeLimit::Now(until) } else { TimeLimit::Until(until) });
            match self.inbound.receive(target) {
                Err(MessageError::Io(error)) if sending && error.kind() == io::ErrorKind::WouldBlock => {}
                received => {
                    let received = self.octets_received(received);
                    if self.turn.must_stop() {
                        self.finish_duplex();
                    }
                    return self.with_current_fate(received);
                }
            }
            match self.send_some(source, deadline)? {
                true => until = self.stalled_at(deadline),
                false => self.wait_for_either(until, deadline, Operation::ReadingStream)?,
            }
        }
    }

    /// Returns when to give up if neither direction makes progress from now on. Waking up does not
    /// count as progress: the peer may have sent an empty frame.
    fn stalled_at(&self, deadline: Deadline<'_>) -> Option<Instant> {
        deadline.stream_limit(self.stall_limit).deadline()
    }

    /// Sends what can be sent without blocking. Returns whether there was progress, by sending or
    /// by reading the source. If the source fails, the call ends.
    fn send_some(&mut self, source: &mut Source<'_>, deadline: Deadline<'_>) -> Result<bool> {
        let loads = self.pump.is_empty();
        if loads && let Some((until, token)) = deadline.of_source() {
            let waited = source.await_bytes(until, token);
            if deadline.is_cancelled() {
                // whoever called this knows what follows
                return Ok(true);
            }
            if waited.is_err() {
                return self.fail(deadline.error(Operation::Sending, Fate::LOST));
            }
        }
        if loads && let Err(error) = self.load(source) {
            return Err(self.duplex_source_error(error));
        }
        match self.push() {
            Ok(pushed) => Ok(pushed || loads),
            Err(error) => self.fail(Error::Transport { operation: Operation::Sending, error, fate: Fate::LOST }),
        }
    }

    /// Gets the next frame of the request. Items that come shortly after another are held back, and
    /// leave before the first one that is not.
    fn load(&mut self, source: &mut Source<'_>) -> io::Result<()> {
        let Some(items) = source.as_items() else { return self.pump.load(source) };
        loop {
            let item = self.outbound.lend(|| items.fill_buf())?;
            let len = item.len();
            if len == 0 || !self.outbound.hold_item(item) {
                break;
            }
            items.consume(len);
        }
        self.pump.load(items)?;
        self.outbound.expect_visit();
        Ok(())
    }

    /// Handles a source that failed: a Trailer tells the server the reason, if it understands one,
    /// and its reply is read to its end and ignored. Otherwise the connection ends with a Reset.
    /// Returns the call's error.
    fn duplex_source_error(&mut self, error: io::Error) -> Error {
        if self.turn.can_trail() {
            self.pump.load_trailer(&source_trailer(&error), ClientTurn::request_stopped);
            self.finish_duplex();
        } else {
            self.reset();
        }
        Error::Source { error, fate: self.fate() }
    }

    /// Sends what the transport takes of the current frame. Returns whether there was progress.
    fn push(&mut self) -> io::Result<bool> {
        match self.pump.send(&mut self.outbound, &mut self.turn) {
            // a wrapped half may be unable to write without blocking, although the one below it can
            // wait
            Err(error) if error.kind() == io::ErrorKind::Unsupported => self.hand_to_helpers().map(|()| true),
            moved => moved,
        }
    }

    fn wait_for_either(&mut self, until: Option<Instant>, deadline: Deadline<'_>, operation: Operation) -> Result<()> {
        let wait = |control: &Arc<dyn Control>| match deadline.token {
            Some(token) if control.can_wait_cancellable() => control.wait_cancellable(until, token),
            _ => control.wait(until),
        };
        let waited = time_left(until).and_then(|_| self.control.as_ref().map_or(Ok(()), wait));
        waited.or_else(|error| {
            let limit = if deadline.ends_streams() { deadline.limit } else { self.stall_limit };
            self.fail(Error::from_message(error.into(), operation, limit, Fate::LOST))
        })
    }

    /// Ends a call that is not wanted any more, or whose reply ended before its request. If that
    /// fails, the connection is broken.
    pub(super) fn finish_duplex(&mut self) {
        match self.try_finish_duplex() {
            Ok(true) => {}
            Ok(false) => self.give_up(),
            Err(error) => self.break_by(&error),
        }
    }

    /// Completes the current frame, stops the request, cancels the reply, and discards what still
    /// arrives of it, all at the same time, because neither side may wait for the other. Returns
    /// whether the connection is in step afterwards.
    fn try_finish_duplex(&mut self) -> Result<bool> {
        let until = Instant::now() + self.patience;
        let mut discarded = 0;
        // a Trailer that has begun must be completed, even if the call ends first
        while !(self.turn.over() && self.pump.is_empty()) {
            if !self.turn.can_trail() || discarded > DISCARD_BYTES || Instant::now() >= until {
                return Ok(false);
            }
            // with nothing to send, waiting for either direction would return at once, because the
            // socket is writable
            let sends = !self.pump.is_empty() || self.turn.sending() || self.turn.may_cancel();
            let limit = if sends { TimeLimit::Now } else { TimeLimit::Until };
            self.inbound.set_time_limit(limit(Some(until)));
            let read = self.discard_some(&mut discarded)?;
            let written = if self.next_closing_frame() { self.push() } else { Ok(false) };
            let written = written.map_err(Error::transport(Operation::Sending, Fate::LOST))?;
            let waited = || self.control.as_ref().is_some_and(|control| control.wait(Some(until)).is_ok());
            if !read && !written && !waited() {
                return Ok(false);
            }
        }
        Ok(self.turn.reusable())
    }

    /// Discards some of the reply, within the current time limit. Returns whether there was
    /// anything.
    fn discard_some(&mut self, discarded: &mut u64) -> Result<bool> {
        if self.turn.reply_is_over() {
            return Ok(false);
        }
        if self.turn.reply_awaited() {
            return match self.resume_header() {
                Err(Error::Remote(_)) => Ok(true),
                read => read.map(|header| header.is_some()),
            };
        }
        self.inbound.messages.next_part();
        match self.inbound.messages.fill_message().map(<[u8]>::len) {
            Ok(count) => {
                self.consume_octets(count);
                *discarded += count as u64;
                Ok(true)
            }
            Err(MessageError::Trailer(_)) => {
                self.turn.reply_ended();
                Ok(true)
            }
            Err(error) if self.is_late(&error) => Ok(false),
            Err(error) => Err(Error::from_message(error, Operation::ReadingStream, None, Fate::LOST)),
        }
    }

    /// Returns whether a frame must be sent to end the call: the rest of the current one, or a
    /// Trailer, which this makes the current one.
    fn next_closing_frame(&mut self) -> bool {
        if self.pump.is_empty() && self.turn.can_trail() && self.turn.sending() {
            let trailer = ReplyHeader::trailer(Status::RequestError, "the rest of the request is not wanted");
            self.pump.load_trailer(&trailer, ClientTurn::request_stopped);
        } else if self.pump.is_empty() && self.turn.may_cancel() {
            let trailer = ReplyHeader::trailer(Status::RequestError, "the rest of the reply is not wanted");
            self.pump.load_trailer(&trailer, ClientTurn::cancelled);
        }
        !self.pump.is_empty()
    }
}
