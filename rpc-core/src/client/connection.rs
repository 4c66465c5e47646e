//! One connection as a client uses it: whether it is in step, and how it is closed.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::{
    Ahead, CLOSE, ClientTurn, DISCARD_TIME, HEADER_KEPT, Inbound, JSON_KEPT, Lendable, Outbound, discard_until_the_end,
    finish, request_close, trim,
};
use crate::error::{Error, ErrorKind, Fate, Operation, Result};
use crate::frame::FrameKind;
use crate::message::{DataType, MessageError, ReplyHeader, Status, Violation};
use crate::observe::{ConnectionInfo, Ended, Side, Traffic};
use crate::transport::{CancelToken, Control, Parts, Peer, TimeLimit};

use super::deadline::{Deadline, Scope};
use super::place::Stay;
use super::pump::Pump;
use super::settings::Settings;

/// A connection that was used within this time is not checked by a system call before its next
/// call.
const RECENT_USE: Duration = Duration::from_millis(1);

/// A connection, with what the next call needs to know of earlier ones.
pub(crate) struct ClientConnection {
    pub(super) inbound: Inbound,
    pub(super) outbound: Lendable,
    /// The JSON of the request.
    pub(super) request_json: Vec<u8>,
    /// The last header read.
    pub(super) received_header: Vec<u8>,
    /// The last JSON read.
    pub(super) received_json: Vec<u8>,
    pub(super) settings: Settings,
    /// How long a stream of the current call may make no progress.
    pub(super) stall_limit: Option<Duration>,
    /// What cancels the current call.
    token: Option<CancelToken>,
    /// How long ending the current call before its time may take.
    pub(super) patience: Duration,
    /// The current call, or the last one.
    pub(super) turn: ClientTurn,
    /// The peer's revision, from its last reply.
    pub(super) revision: Option<u32>,
    /// How the connection ends, once it cannot be used again.
    end: Option<Result<Ended, ErrorKind>>,
    /// The other end.
    pub(super) peer: Arc<Peer>,
    /// Its place, if there may be others.
    pub(super) stay: Option<Stay>,
    /// When it is old enough to be replaced; `None` if it is not.
    pub(super) expires: Option<Instant>,
    /// Controls both directions.
    pub(super) control: Option<Arc<dyn Control>>,
    /// The frame that is being sent while octets go both ways.
    pub(super) pump: Pump,
    /// When its last call ended.
    last_used: Option<Instant>,
    /// Whether somebody wants to know when replies arrive.
    pub(super) watched: bool,
    /// When the reply's header arrived in the current turn, if somebody wants to know.
    pub(super) replied_at: Option<Instant>,
    /// The reply's octets have been read to their end.
    pub(super) reply_is_whole: bool,
    /// The traffic before the current turn.
    before: Traffic,
}

impl ClientConnection {
    pub(crate) fn new(parts: Parts, settings: Settings) -> ClientConnection {
        let peer = Arc::new(parts.peer);
        settings.observer.tell_of(Some(&peer), None, |observer| {
            observer.connection_opened(&ConnectionInfo::new(Side::Client, &peer));
        });
        ClientConnection {
            stall_limit: settings.stall_timeout,
            token: None,
            patience: DISCARD_TIME,
            peer,
            stay: None,
            expires: None,
            control: parts.control,
            pump: Pump::default(),
            inbound: Inbound::new(parts.reader),
            outbound: Lendable::new(Outbound::new(parts.writer)),
            request_json: Vec::new(),
            received_header: Vec::new(),
            received_json: Vec::new(),
            settings,
            turn: no_call(),
            revision: None,
            end: None,
            last_used: None,
            watched: false,
            replied_at: None,
            reply_is_whole: false,
            before: Traffic::default(),
        }
    }

    /// Returns whether the connection is in step, so that it can serve another call.
    pub(crate) fn reusable(&self) -> bool {
        !self.is_broken() && self.turn.reusable()
    }

    /// Returns whether an error has broken the connection.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.end, Some(Err(_)))
    }

    /// Returns whether the connection cannot be used again, whatever its turn says.
    pub(super) fn is_broken(&self) -> bool {
        self.end.is_some()
    }

    /// Returns whether the connection is so old that no more calls should use it.
    pub(super) fn is_too_old(&self) -> bool {
        self.expires.is_some_and(|at| Instant::now() >= at)
    }

    /// Returns how its place is chosen among others: the less the better.
    pub(super) fn rank(&self, now: Instant) -> (Duration, usize) {
        self.stay.as_ref().map_or((Duration::ZERO, 0), |stay| (stay.place.avoided_for(now), stay.place.in_use()))
    }

    /// Tells the connection's place how its call has ended.
    pub(super) fn judge_place(&self) {
        let Some(stay) = &self.stay else { return };
        let refused = self.turn.not_run();
        match self.end {
            None if self.reusable() => stay.place.worked(),
            Some(Ok(Ended::Reset | Ended::HungUp) | Err(ErrorKind::Transport | ErrorKind::Deadline)) => stay.failed(),
            Some(_) if refused => stay.failed(),
            _ => {}
        }
    }

    /// Breaks the connection because of an error. The first one says how the connection ends; a
    /// refusal is none, so after it this side gives up the connection.
    pub(super) fn break_by(&mut self, error: &Error) {
        let end = if error.remote().is_some() { Ok(Ended::GivenUp) } else { Err(error.kind()) };
        self.end.get_or_insert(end);
    }

    /// Breaks the connection because of an error, and fails with it.
    pub(super) fn fail<T>(&mut self, error: Error) -> Result<T> {
        self.break_by(&error);
        Err(error)
    }

    /// Breaks the connection although it may be in order.
    pub(super) fn give_up(&mut self) {
        self.end.get_or_insert(Ok(Ended::GivenUp));
    }

    /// Breaks the connection because the server had ended it when it was idle, whatever showed
    /// that. After a Reset frame a write may have failed as well.
    pub(super) fn was_ended(&mut self, how: Ended) {
        if self.end != Some(Ok(Ended::Reset)) {
            self.end = Some(Ok(how));
        }
    }

    /// The connection is broken because the token has cancelled its call, whatever showed that.
    pub(super) fn was_cancelled(&mut self) {
        if self.is_broken() {
            self.end = Some(Err(ErrorKind::Cancelled));
        }
    }

    /// Returns the fate of a call that the server may have run, unless its reply says otherwise.
    pub(super) fn fate(&self) -> Fate {
        Fate { never_ran: self.turn.not_run(), connection_usable: self.reusable() }
    }

    /// Returns what cancels the current call.
    pub(super) fn token(&self) -> Option<&CancelToken> {
        self.token.as_ref()
    }

    /// Sets what cancels the current call. Reads wait for it if the transport can do that.
    pub(super) fn set_token(&mut self, token: Option<CancelToken>) {
        let reader = self.inbound.messages.frames_mut().get_mut();
        reader.token = token.clone().filter(|token| reader.half.can_await(token));
        self.token = token;
    }

    /// Returns whether waiting for the reply's stream can be ended by the token, so that the
    /// connection need not be aborted.
    pub(super) fn can_await_token(&self) -> bool {
        let waits = self.control.as_ref().is_some_and(|control| control.can_wait_cancellable());
        self.inbound.messages.frames().get_ref().token.is_some() && (waits || !self.turn.full_duplex())
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.token().is_some_and(CancelToken::is_cancelled)
    }

    /// Ends the reply's stream because its call was cancelled. Returns the stream's error.
    pub(super) fn cancel_stream(&mut self) -> Error {
        // waiting for the end must not be cancelled as well
        self.set_token(None);
        self.patience = self.moment();
        self.abandon();
        Error::Cancelled { operation: Operation::ReadingStream, fate: self.fate() }
    }

    /// Fails if anything has arrived since the last call. This notices a server that has closed, if
    /// the transport can look ahead. Looking costs a system call, so on a connection that was in
    /// use within [`RECENT_USE`] only bytes that were already read ahead are checked.
    pub(crate) fn check_idle(&mut self, now: Instant) -> Result<()> {
        let busy = self.last_used.is_some_and(|last_used| now.saturating_duration_since(last_used) < RECENT_USE);
        if busy && self.inbound.messages.ahead().is_empty() {
            return Ok(());
        }
        let (how, kind, text) = match self.inbound.look_ahead() {
            Ahead::Nothing | Ahead::Blind => return Ok(()),
            Ahead::End => (Ended::HungUp, io::ErrorKind::UnexpectedEof, "the server has closed the connection"),
            Ahead::Bytes => {
                let ahead = self.inbound.messages.ahead();
                if ahead.first() != Some(&FrameKind::Reset.to_wire()) {
                    let violation = Violation::OutOfTurn { found: ahead.len() };
                    return self.fail(Error::Protocol { violation, fate: Fate::UNREACHED });
                }
                (Ended::Reset, io::ErrorKind::ConnectionReset, "the server has reset the connection")
            }
        };
        self.was_ended(how);
        let error = self.inbound.end_explained().unwrap_or_else(|| io::Error::new(kind, text));
        Err(Error::Transport { operation: Operation::Idling, error, fate: Fate::UNREACHED })
    }

    /// Begins the turn of a call with bodies of these types.
    pub(super) fn begin_turn(&mut self, request: DataType, accept: DataType) {
        self.received_header.clear();
        self.change_turn(ClientTurn::new(request, accept, self.revision.unwrap_or(0)));
    }

    /// Ends the turn of a call that is over.
    pub(super) fn end_turn(&mut self) {
        self.change_turn(no_call());
    }

    fn change_turn(&mut self, turn: ClientTurn) {
        self.turn = turn;
        (self.replied_at, self.reply_is_whole, self.before) = (None, false, self.traffic());
    }

    fn traffic(&self) -> Traffic {
        Traffic { sent: self.outbound.frames.position(), received: self.inbound.messages.frames().position() }
    }

    /// Returns the traffic of the current turn.
    pub(super) fn turn_traffic(&self) -> Traffic {
        let now = self.traffic();
        let sent = now.sent.saturating_sub(self.before.sent);
        Traffic { sent, received: now.received.saturating_sub(self.before.received) }
    }

    /// Prepares the connection for being idle: frees the memory that a large reply took.
    pub(crate) fn become_idle(&mut self) {
        self.end_turn();
        self.watched = false;
        self.patience = DISCARD_TIME;
        self.outbound.trim();
        trim(&mut self.received_header, HEADER_KEPT);
        trim(&mut self.request_json, JSON_KEPT);
        trim(&mut self.received_json, JSON_KEPT);
        self.pump = Pump::default();
        self.stay.iter_mut().for_each(Stay::become_idle);
        self.last_used = Some(Instant::now());
    }

    /// Abandons the rest of the reply. If the rest has been read ahead, it is skipped. Otherwise
    /// the reply is cancelled and read to its end, within a budget; with a peer of revision 0 the
    /// connection is closed instead.
    pub(crate) fn abandon(&mut self) {
        if self.is_broken() {
            return;
        }
        if self.reusable() {
            if !self.outbound.frames.is_sent() {
                self.send_rest();
            }
            return;
        }
        if self.turn.full_duplex() {
            return self.finish_duplex();
        }
        self.inbound.look_ahead();
        match self.inbound.messages.skip_read_ahead() {
            Ok(ended) if !self.turn.sending() && (ended || self.cancel()) => self.discard_reply(),
            Ok(_) => self.give_up(),
            Err(error) => self.break_by(&discarding_failed(error)),
        }
    }

    /// Sends what is left of pipelined requests. A server may answer a request before it has come
    /// to its end, and waits for that end before it reads another.
    fn send_rest(&mut self) {
        self.outbound.set_time_limit(TimeLimit::total(Some(self.patience)));
        if self.outbound.frames.flush().is_err() {
            self.give_up();
        }
    }

    /// Sends a cancel, because the rest of the reply is not wanted. Returns whether it was sent.
    fn cancel(&mut self) -> bool {
        let trailer = ReplyHeader::trailer(Status::RequestError, "not wanted any more");
        let begun = Instant::now();
        self.outbound.set_time_limit(TimeLimit::total(Some(self.patience)));
        let sent = self.turn.may_cancel() && self.outbound.write_trailer(&trailer).is_ok();
        if sent {
            self.turn.cancelled();
        }
        self.patience = self.patience.saturating_sub(begun.elapsed());
        sent
    }

    /// Discards the rest of the reply, within a budget. If that fails, the connection is broken.
    pub(super) fn discard_reply(&mut self) {
        match self.inbound.discard_body(self.patience) {
            Ok(true) => self.turn.reply_ended(),
            Ok(false) => self.give_up(),
            Err(error) => self.break_by(&discarding_failed(error)),
        }
    }

    /// Gives up the connection with a Reset. It is broken even if that does not reach the server.
    pub(super) fn reset(&mut self) {
        _ = self.outbound.reset();
        self.give_up();
    }

    /// Closes the connection with a handshake.
    pub(crate) fn close(mut self) -> Result<()> {
        let limit = self.settings.close_timeout;
        let closed = self.call_control(CLOSE, Deadline::new(limit, Scope::WholeCall)).map_err(|error| match error {
            // it has refused the connection and closes
            Error::Remote(refusal) if refusal.fate.never_ran => Error::Remote(refusal),
            // no server may refuse to close
            Error::Remote(refusal) => {
                let violation = Violation::UnknownStatus { found: refusal.status.to_wire() };
                Error::Protocol { violation, fate: Fate::LOST }
            }
            error => error.with_operation(Operation::Closing).with_fate(Fate::LOST),
        });
        closed.inspect_err(|error| self.break_by(error))?;
        // the server has agreed, so what fails from here on does not matter
        if self.outbound.reset().is_ok() {
            finish(&mut self.outbound);
            let limit = limit.unwrap_or(DISCARD_TIME).min(DISCARD_TIME);
            discard_until_the_end(&mut self.inbound, TimeLimit::total(Some(limit)));
        }
        Ok(())
    }

    /// Returns how long something polite may take when nobody wants to wait: a tenth of the close
    /// limit, or 500 ms without one.
    fn moment(&self) -> Duration {
        self.settings.close_timeout.map_or(Duration::from_millis(500), |limit| limit / 10)
    }

    /// Asks the server to close, without waiting for its answer. Blocks for at most a
    /// [`moment`](ClientConnection::moment).
    pub(crate) fn close_without_waiting(mut self) {
        let limit = self.moment();
        if request_close(&mut self.outbound, TimeLimit::total(Some(limit))).is_ok() {
            finish(&mut self.outbound);
        }
    }
}

/// Returns the turn of a connection that no call has.
fn no_call() -> ClientTurn {
    let mut turn = ClientTurn::new(DataType::Control, DataType::Control, 0);
    turn.request_ended();
    turn.reply_ended();
    turn
}

/// Returns the error of a reply whose rest, which is not wanted, cannot be read.
fn discarding_failed(error: MessageError) -> Error {
    Error::from_message(error, Operation::ReadingStream, None, Fate::LOST)
}

impl Drop for ClientConnection {
    /// Every connection ends here, also one that a panic drops.
    fn drop(&mut self) {
        let in_step = if self.turn.reusable() { Ended::Closed } else { Ended::GivenUp };
        let end = self.end.unwrap_or(Ok(in_step));
        self.settings.observer.tell_of(Some(&self.peer), None, |observer| {
            observer.connection_closed(&ConnectionInfo::new(Side::Client, &self.peer), end);
        });
    }
}
