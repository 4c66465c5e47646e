//! One call on a connection of its own: the request is sent, and a reply may arrive meanwhile.

use std::io;
use std::time::{Duration, Instant};

use crate::connection::{Ahead, PING};
use crate::error::{Error, Fate, Misuse, Operation, RemoteError, Result, source_trailer};
use crate::frame::{FRAME_HEADER_LEN, FrameError};
use crate::message::{DataType, Metadata, ReplyHeader, Status, add_timeout};
use crate::stream::{Pieces, Source};
use crate::transport::{TimeLimit, limit_has_passed};

use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::request::Request;

/// How long a client whose write has failed waits for a reply that may explain the failure.
pub(super) const EXPLANATION_TIME: Duration = Duration::from_secs(5);

/// Returns whether a server has refused to answer `Ping`, as an original does. A refusal of the
/// connection is something else.
pub(super) fn refuses_ping(error: &Error) -> bool {
    matches!(error, Error::Remote(RemoteError { status: Status::RequestError, fate, .. }) if !fate.never_ran)
}

impl ClientConnection {
    /// Sends a request and reads the reply's header. The reply's body, if there is one, can be read
    /// next.
    pub(super) fn call(&mut self, request: &mut Request<'_, '_>) -> Result<DataType> {
        let outcome = self.prepare(request).and_then(|()| self.exchange(request));
        if let Err(error) = &outcome
            && !error.connection_usable()
        {
            self.break_by(error);
        }
        outcome
    }

    /// Encodes the request, and determines the peer's revision if the request needs revision 1.
    fn prepare(&mut self, request: &mut Request<'_, '_>) -> Result<()> {
        request.encode_json(self.settings.max_json_len, &mut self.request_json)?;
        let together = DataType::MarshaledJsonThenOctets;
        let mut now = Instant::now();
        request.deadline.check(now)?;
        if request.data_type() == together || request.accept == together {
            if self.revision.is_none() {
                self.ping(request.deadline)?;
                now = Instant::now();
                request.deadline.check(now)?;
            }
            if self.revision == Some(0) {
                // values that are not there need not travel
                let has_values = !request.has_only_nulls(&self.request_json);
                if request.accept == together || has_values {
                    return Err(Misuse::NeedsRevision1.into());
                }
                request.json = None;
            }
        }
        request.encode_header(&mut self.outbound.header)?;
        add_timeout(&mut self.outbound.header, request.timeout_ms(now));
        self.begin_turn(request.data_type(), request.accept);
        Ok(())
    }

    /// Asks the server which revision it speaks. An original server refuses, which is an answer
    /// too. A refusal of the connection is the call's error.
    fn ping(&mut self, deadline: Deadline<'_>) -> Result<()> {
        let answer = self.call_control(PING, deadline);
        self.end_turn();
        match answer {
            Ok(_) => Ok(()),
            Err(error) if refuses_ping(&error) => Ok(()),
            Err(error) => Err(error.with_fate(Fate::UNREACHED)),
        }
    }

    /// Makes a call of a control endpoint.
    pub(super) fn call_control(&mut self, endpoint: &str, deadline: Deadline<'_>) -> Result<DataType> {
        self.outbound.encode_control(endpoint);
        self.begin_turn(DataType::Control, DataType::Control);
        self.exchange(&mut Request::of_json(endpoint, None, deadline, &Metadata::default()))
    }

    /// Sends a request whose header and JSON are encoded, and reads the reply's header.
    fn exchange(&mut self, request: &mut Request<'_, '_>) -> Result<DataType> {
        let (deadline, stream) = (request.deadline, request.octets.is_some());
        let full_duplex = self.turn.full_duplex();
        if full_duplex {
            self.ensure_pollable()?;
        }
        self.outbound.set_time_limit(match stream {
            true => deadline.stream_limit(self.stall_limit),
            false => TimeLimit::Until(deadline.at),
        });
        // a handler may run as soon as the transport has taken the header of a request with octets
        let header_end = self.outbound.frames.accepted() + (FRAME_HEADER_LEN + self.outbound.header.len()) as u64;
        let begun = self.outbound.queue_header().and_then(|()| match request.json {
            Some(_) => self.outbound.frames.finish_body(&self.request_json),
            None => self.outbound.frames.flush(),
        });
        let sent = match (begun, &mut request.octets) {
            (Err(error), _) => Err(error),
            (Ok(()), None) => Ok(None),
            (Ok(()), Some(source)) if full_duplex => return self.exchange_duplex(source, deadline),
            (Ok(()), Some(source)) => self.send_octets(source, deadline),
        };
        match sent {
            Ok(None) => {
                self.turn.request_ended();
                self.reply_header(if stream { deadline.after_stream() } else { deadline })
            }
            Ok(Some(outcome)) => outcome,
            Err(error) => self.sending_failed(error, header_end, deadline),
        }
    }

    /// Sends a stream frame by frame, and looks for a reply before each; an item that is held back
    /// goes into a later one. If a reply arrives before the end or the source fails, returns the
    /// call's outcome.
    fn send_octets(
        &mut self,
        source: &mut Source<'_>,
        deadline: Deadline<'_>,
    ) -> Result<Option<Result<DataType>>, FrameError> {
        let mut pieces = Pieces::new(source, self.outbound.takes_pipes());
        loop {
            if let Some((until, token)) = deadline.of_source() {
                pieces.await_source(until, token)?;
                if deadline.ends_streams() {
                    return Err(FrameError::Io(io::ErrorKind::TimedOut.into()));
                }
            }
            let count = match self.outbound.lend(|| pieces.get()) {
                Ok(count) => count,
                Err(error) => return Ok(Some(Err(self.source_failed(error, deadline)?))),
            };
            if pieces.hold(&mut self.outbound) {
                continue;
            }
            // a server that has ended its direction sends no reply and reads nothing; a connection
            // that the token has aborted looks the same
            if !deadline.is_cancelled() && matches!(self.inbound.look_ahead(), Ahead::Bytes | Ahead::End) {
                let answer = self.reply_header(deadline.after_stream());
                self.stop_if_answered();
                return Ok(Some(self.with_current_fate(answer)));
            }
            // a transport that never blocks, or that has no time limits, does not notice the
            // deadline
            if deadline.ends_streams() {
                return Err(FrameError::Io(io::ErrorKind::TimedOut.into()));
            }
            if count == 0 {
                self.outbound.frames.finish_body(&[])?;
                return Ok(None);
            }
            pieces.send(&mut *self.outbound)?;
            if pieces.are_items() {
                self.outbound.expect_visit();
            }
        }
    }

    /// Updates the fate of a refusal: the request may have ended after it was read, so that the
    /// connection is in step.
    pub(super) fn with_current_fate<T>(&self, outcome: Result<T>) -> Result<T> {
        outcome.map_err(|error| match error {
            Error::Remote(_) => error.with_fate(self.fate()),
            broken => broken,
        })
    }

    /// Ends the request with a Trailer instead of its next frame, if the reply requires that and
    /// the server understands it. If the write fails, the reply is still the call's result.
    fn stop_if_answered(&mut self) {
        let trailer = ReplyHeader::trailer(Status::RequestError, "the reply has come before the end of the request");
        if self.turn.must_stop() && self.turn.can_trail() && self.outbound.write_trailer(&trailer).is_ok() {
            self.turn.request_stopped();
        }
    }

    /// Tells the server why the rest of the request does not come: with a Trailer if it understands
    /// one, otherwise with a Reset, which ends the connection. The reply after a Trailer tells the
    /// caller nothing new; it is read so that the connection stays in step. Returns the call's
    /// error.
    fn source_failed(&mut self, error: io::Error, deadline: Deadline<'_>) -> Result<Error, FrameError> {
        if self.turn.can_trail() {
            self.outbound.write_trailer(&source_trailer(&error))?;
            self.turn.request_stopped();
            match self.reply_header(deadline.after_stream()) {
                Ok(_) => self.discard_reply(),
                Err(Error::Remote(_)) => {}
                Err(error) => self.break_by(&error),
            }
        } else {
            self.reset();
        }
        Ok(Error::Source { error, fate: self.fate() })
    }

    /// Handles a write that failed. The transport has taken the whole header if it has accepted
    /// `header_end` bytes.
    fn sending_failed(&mut self, error: FrameError, header_end: u64, deadline: Deadline<'_>) -> Result<DataType> {
        let stream = self.turn.request_has_octets();
        let may_run = stream && self.outbound.frames.accepted() >= header_end;
        let fate = if may_run { Fate::LOST } else { Fate::UNREACHED };
        match error {
            FrameError::Io(error) if !limit_has_passed(&error) => self.explain(error, fate, deadline),
            error => {
                let stalled = stream && !deadline.ends_streams();
                let limit = if stalled { self.stall_limit } else { deadline.limit };
                Err(Error::from_message(error.into(), Operation::Sending, limit, fate))
            }
        }
    }

    /// Reads the reply after a write has failed: a server that refused early and closed may have
    /// said why, which is more than a broken pipe says.
    pub(super) fn explain(&mut self, error: io::Error, fate: Fate, deadline: Deadline<'_>) -> Result<DataType> {
        self.break_by(&Error::lost(Operation::Sending, error.kind()));
        // sending a stream may have taken longer than a reply may take
        let deadline = if self.turn.request_has_octets() { deadline.after_stream() } else { deadline };
        match self.reply_header(deadline.at_most(EXPLANATION_TIME)) {
            Err(Error::Remote(refusal)) => Err(Error::Remote(refusal)),
            Ok(body) => Ok(body),
            Err(reset) if reset.never_ran() => Err(reset),
            Err(_) => Err(Error::Transport { operation: Operation::Sending, error, fate }),
        }
    }
}
