//! A request on its way out.

use std::io;
use std::time::{Duration, Instant};

use crate::codec::Encode;
use crate::connection::Ahead;
use crate::error::{Error, Fate, Misuse, Operation, Result, source_trailer};
use crate::frame::{FRAME_HEADER_LEN, FrameError};
use crate::message::json::JsonBuffer;
use crate::message::{DataType, MessageWriter, Metadata, ReplyHeader, RequestHeader, Status};
use crate::stream::{Pieces, Source};
use crate::transport::TimeLimit;

use super::connection::ClientConnection;
use super::options::Deadline;

/// How long a client whose write has failed looks for a reply that may explain it.
const EXPLANATION_TIME: Duration = Duration::from_secs(5);

/// A request.
pub(crate) struct Request<'a> {
    pub(super) endpoint: &'a str,
    pub(super) body: RequestBody<'a>,
    pub(super) accept: DataType,
    pub(super) deadline: Deadline,
    pub(super) metadata: &'a Metadata<'a>,
}

/// The body of a request.
pub(crate) enum RequestBody<'a> {
    /// The JSON that stands ready, see [`ClientConnection::make_ready`].
    Json,
    /// All that this reader has.
    Octets(Source<'a>),
    /// The JSON that stands ready, and all that this reader has.
    JsonThenOctets(Source<'a>),
}

impl Request<'_> {
    pub(super) fn header(&self, now: Instant) -> RequestHeader<'_> {
        let body = self.body.data_type();
        RequestHeader {
            timeout_ms: self.deadline.left_ms(now, body.has_octets()),
            metadata: self.metadata.borrowed(),
            ..RequestHeader::new(self.endpoint, body, self.accept)
        }
    }
}

/// How sending a request ended.
enum Sent {
    /// All of it was written.
    Whole,
    /// A reply was there before; its header has been read.
    Answered(Result<DataType>),
    /// What was to be sent could not be read, and the server has been told so.
    SourceFailed(io::Error),
}

/// Why sending a request failed.
pub(super) enum SendError {
    Frame(FrameError),
    Source(io::Error),
}

impl From<FrameError> for SendError {
    fn from(error: FrameError) -> SendError {
        SendError::Frame(error)
    }
}

impl ClientConnection {
    /// Puts a request's JSON where it is sent from.
    pub(super) fn make_ready(&mut self, argument: &dyn Encode) -> Result<()> {
        let limit = self.config.max_json_len;
        let scratch = &mut self.outbound.body;
        let mut buffer = JsonBuffer::new(scratch, limit);
        argument.encode(&mut buffer).map_err(|error| Misuse::Encode { problem: error.to_string() })?;
        match buffer.oversize() {
            None => Ok(()),
            Some(size) => {
                let (what, size, limit) = ("JSON request", Some(size as u64), limit as u64);
                Err(Error::Limit { what, size, limit, fate: Fate::UNTOUCHED })
            }
        }
    }

    /// Sends a request whose header stands ready, and reads the reply's header.
    pub(super) fn exchange(&mut self, request: Request<'_>) -> Result<DataType> {
        let deadline = request.deadline;
        let stream = request.body.data_type().has_octets();
        if self.turn().full_duplex() {
            return match request.body {
                RequestBody::Octets(mut source) => self.exchange_duplex(false, &mut source, deadline),
                RequestBody::JsonThenOctets(mut source) => self.exchange_duplex(true, &mut source, deadline),
                RequestBody::Json => unreachable!("JSON alone has no octets"),
            };
        }
        let header_end = self.header_end();
        match self.send(request.body, deadline) {
            Ok(Sent::Whole) => {
                self.turn().request_ended();
                self.reply_header(if stream { deadline.behind_stream() } else { deadline })
            }
            Ok(Sent::Answered(answer)) => answer,
            Ok(Sent::SourceFailed(error)) => Err(self.read_reply_of_failed_source(error, deadline.behind_stream())),
            Err(error) => self.sending_failed(error, header_end, deadline),
        }
    }

    /// How many bytes the transport has taken when it has taken the header that stands ready. A handler may meet a request
    /// of octets from there on.
    pub(super) fn header_end(&self) -> u64 {
        self.outbound.frames.accepted() + (FRAME_HEADER_LEN + self.outbound.header.len()) as u64
    }

    fn send(&mut self, body: RequestBody<'_>, deadline: Deadline) -> Result<Sent, SendError> {
        self.outbound.queue_header()?;
        match body {
            RequestBody::Json => {
                self.outbound.set_time_limit(TimeLimit::until(deadline.at));
                self.outbound.write_json()?;
                Ok(Sent::Whole)
            }
            RequestBody::Octets(source) => {
                self.limit_stream(deadline);
                self.outbound.frames.flush()?;
                self.send_octets(source, deadline)
            }
            RequestBody::JsonThenOctets(source) => {
                self.limit_stream(deadline);
                self.outbound.write_json()?;
                self.send_octets(source, deadline)
            }
        }
    }

    pub(super) fn limit_stream(&mut self, deadline: Deadline) {
        self.outbound.set_time_limit(stream_limit(self.config.stall_timeout, deadline));
    }

    /// Frame by frame, looking for a reply before each.
    fn send_octets(&mut self, source: Source<'_>, deadline: Deadline) -> Result<Sent, SendError> {
        let mut pieces = Pieces::new(source, self.outbound.takes_pipes());
        loop {
            let count = match pieces.get() {
                Ok(count) => count,
                Err(error) => return self.source_failed(error),
            };
            // a server that has ended its direction has nothing to say, and hears nothing either
            if matches!(self.inbound.look_ahead(), Ahead::Bytes | Ahead::End) {
                let answer = self.reply_header(deadline.behind_stream());
                self.stop_if_answered();
                // only now the request has ended, so that the connection may be in step
                return Ok(Sent::Answered(answer.map_err(|error| match error {
                    Error::Remote(_) => error.with_fate(self.fate()),
                    broken => broken,
                })));
            }
            // a transport that always takes something, or keeps no time, does not notice
            if deadline.ends_streams() {
                return Err(FrameError::Io(io::ErrorKind::TimedOut.into()).into());
            }
            if count == 0 {
                MessageWriter::new(&mut self.outbound.frames).finish()?;
                return Ok(Sent::Whole);
            }
            pieces.send(&mut self.outbound)?;
        }
    }

    /// Ends the request by a Trailer in place of its next frame, if the reply asks for that and the server understands it.
    /// That the write fails is no news: the reply is the call's result.
    fn stop_if_answered(&mut self) {
        if self.turn().must_stop() && self.turn().can_trail() {
            let trailer =
                ReplyHeader::trailer(Status::RequestError, "the reply has come before the end of the request");
            if self.outbound.write_trailer(&trailer).is_ok() {
                self.turn().request_stopped();
            }
        }
    }

    /// The rest of the request cannot be had. The server is told why, if it understands that; else by a Reset.
    fn source_failed(&mut self, error: io::Error) -> Result<Sent, SendError> {
        if !self.turn().can_trail() {
            return Err(SendError::Source(error));
        }
        self.outbound.write_trailer(&source_trailer(&error))?;
        self.turn().request_stopped();
        Ok(Sent::SourceFailed(error))
    }

    /// The reply to a request whose source failed says nothing that the caller does not know, but it has to be read.
    fn read_reply_of_failed_source(&mut self, error: io::Error, deadline: Deadline) -> Error {
        match self.reply_header(deadline) {
            Ok(_) if matches!(self.inbound.discard_body(), Ok(true)) => self.turn().reply_ended(),
            Err(Error::Remote(_)) => {}
            Ok(_) | Err(_) => self.broken = true,
        }
        Error::Source { error, fate: self.fate() }
    }

    /// Sending failed, on a transport that was to take the header up to `header_end`.
    pub(super) fn sending_failed(&mut self, error: SendError, header_end: u64, deadline: Deadline) -> Result<DataType> {
        let met = self.turn().request_has_octets() && self.outbound.frames.accepted() >= header_end;
        let fate = if met { Fate::LOST } else { Fate::UNREACHED };
        match error {
            SendError::Frame(FrameError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {
                let stalled = self.turn().request_has_octets() && !deadline.ends_streams();
                let limit = if stalled { self.config.stall_timeout } else { deadline.limit };
                Err(Error::from_message(error.into(), Operation::Sending, limit, fate))
            }
            SendError::Frame(FrameError::Io(error)) => self.explain(error, fate, deadline),
            SendError::Frame(FrameError::Malformed(violation)) => {
                Err(Error::Protocol { violation: violation.into(), fate })
            }
            SendError::Source(error) => {
                // that the write fails is no news
                _ = self.outbound.reset();
                Err(Error::Source { error, fate: Fate::LOST })
            }
        }
    }

    /// A server that refused early may have closed while we were sending: its reply says more than our broken pipe.
    pub(super) fn explain(&mut self, error: io::Error, fate: Fate, deadline: Deadline) -> Result<DataType> {
        self.broken = true;
        // sending a stream may have taken longer than a reply may
        let deadline = if self.turn().request_has_octets() { deadline.behind_stream() } else { deadline };
        match self.reply_header(deadline.at_most(EXPLANATION_TIME)) {
            Err(Error::Remote(refusal)) => Err(Error::Remote(refusal)),
            Ok(body) => Ok(body),
            Err(reset) if reset.never_ran() => Err(reset),
            Err(_) => Err(Error::Transport { operation: Operation::Sending, error, fate }),
        }
    }
}

/// The time limit for sending a stream: each bit of progress renews the stall limit, and an explicit deadline ends it.
pub(super) fn stream_limit(stall: Option<Duration>, deadline: Deadline) -> TimeLimit {
    match deadline.at {
        Some(at) if deadline.covers_streams() => TimeLimit::StallUntil(stall, at),
        _ => TimeLimit::stall(stall),
    }
}
