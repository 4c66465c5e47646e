//! One connection as a client drives it: a request out, a reply in, and whether it can be used again.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use crate::connection::{
    Ahead, Answer, CHUNK, ClientTurn, DISCARD_TIME, Ends, Inbound, Outbound, close_as_client, finish, request_close,
};
use crate::error::{Doing, Error, Fate, Misuse, RemoteError, Result};
use crate::frame::{FRAME_HEADER_LEN, FrameError, FrameKind};
use crate::message::{DataType, MessageError, MessageWriter, ReplyHeader, RequestHeader, Violation};
use crate::transport::{Parts, Patience};

use super::ClientConfig;

/// How long a client whose write has failed looks for a reply that may explain it.
const EXPLANATION_TIME: Duration = Duration::from_secs(5);

/// A connection that was used so short a time ago is not idle.
const BUSY: Duration = Duration::from_millis(10);

/// A connection, and what its last call left behind.
pub(crate) struct Wire {
    inbound: Inbound,
    outbound: Outbound,
    config: ClientConfig,
    turn: Option<ClientTurn>,
    broken: bool,
    last_used: Instant,
}

/// The body of a request.
pub(crate) enum RequestBody<'a> {
    /// The JSON that stands ready, see [`Wire::json_scratch`].
    Json,
    /// All that this reader has.
    Octets(&'a mut dyn Read),
}

impl RequestBody<'_> {
    fn data_type(&self) -> DataType {
        match self {
            RequestBody::Json => DataType::MarshaledJson,
            RequestBody::Octets(_) => DataType::Octets,
        }
    }
}

/// How sending a request ended.
enum Sent {
    /// All of it was written.
    Whole,
    /// A reply was there before.
    Answered,
    /// Writing failed.
    Failed(io::Error, Fate),
}

impl Wire {
    pub(crate) fn new(parts: Parts, config: ClientConfig) -> Wire {
        let Ends { inbound, outbound, .. } = Ends::new(parts);
        Wire { inbound, outbound, config, turn: None, broken: false, last_used: Instant::now() }
    }

    /// Whether the connection is in step and serves another call.
    pub(crate) fn reusable(&self) -> bool {
        !self.broken && self.turn.as_ref().is_none_or(ClientTurn::reusable)
    }

    /// Fails if anything has come since the last call: a server that has closed is noticed here, if the transport can
    /// look. Looking costs a system call, so a connection that was busy a moment ago is only asked for what it has read
    /// ahead.
    pub(crate) fn check_idle(&mut self) -> Result<()> {
        if self.inbound.messages.ahead().is_empty() && self.last_used.elapsed() < BUSY {
            return Ok(());
        }
        let gone = |kind: io::ErrorKind, text: &str| Error::Transport {
            doing: Doing::Idling,
            error: io::Error::new(kind, text),
            fate: Fate::UNREACHED,
        };
        match self.inbound.look_ahead() {
            Ahead::Nothing | Ahead::Blind => Ok(()),
            Ahead::End => Err(gone(io::ErrorKind::UnexpectedEof, "the peer has closed the connection")),
            Ahead::Bytes => {
                let ahead = self.inbound.messages.ahead();
                if ahead.first() == Some(&FrameKind::Reset.to_wire()) {
                    return Err(gone(io::ErrorKind::ConnectionReset, "the peer has reset the connection"));
                }
                let violation = Violation::OutOfTurn { found: ahead.len() };
                Err(Error::Protocol { violation, fate: Fate::UNREACHED })
            }
        }
    }

    /// Where the JSON of the next request is to be put.
    pub(crate) fn json_scratch(&mut self) -> (&mut Vec<u8>, usize) {
        (&mut self.outbound.body, self.config.max_json_len)
    }

    /// Sends a request and reads the reply's header. The reply's body can be read next, if it has one.
    pub(crate) fn call(&mut self, endpoint: &str, body: RequestBody<'_>, accept: DataType) -> Result<DataType> {
        self.outbound.header.clear();
        let request = body.data_type();
        if !RequestHeader::new(endpoint, request, accept).encode(&mut self.outbound.header) {
            let problem = format!("the endpoint's name has {} bytes, which no header holds", endpoint.len());
            return Err(Misuse::Encode { problem }.into());
        }
        self.turn = Some(ClientTurn::new(request, accept));
        let deadline = self.reply_deadline();
        let outcome = match self.send(body, deadline) {
            Ok(Sent::Whole) => {
                self.turn().request_ended();
                let deadline = if request.has_octets() { self.reply_deadline() } else { deadline };
                self.reply_header(Patience::until(deadline))
            }
            Ok(Sent::Answered) => self.early_reply(),
            Ok(Sent::Failed(error, fate)) => self.explain(error, fate),
            Err(error) => Err(error),
        };
        self.outbound.trim();
        if matches!(&outcome, Err(error) if !matches!(error, Error::Remote(_))) {
            self.broken = true;
        }
        outcome
    }

    fn turn(&mut self) -> &mut ClientTurn {
        self.turn.as_mut().expect("a call is open")
    }

    fn reply_deadline(&self) -> Option<Instant> {
        self.config.reply_timeout.and_then(|limit| Instant::now().checked_add(limit))
    }

    fn send(&mut self, body: RequestBody<'_>, deadline: Option<Instant>) -> Result<Sent> {
        let before = self.outbound.frames.accepted();
        let header_len = (FRAME_HEADER_LEN + self.outbound.header.len()) as u64;
        let queued = self.outbound.queue_header();
        let outcome = match (queued, body) {
            (Err(error), _) => Err(error),
            (Ok(()), RequestBody::Json) => {
                self.outbound.set_patience(Patience::until(deadline));
                self.outbound.write_json().map(|()| Sent::Whole)
            }
            (Ok(()), RequestBody::Octets(source)) => {
                return self.send_octets(source).or_else(|error| {
                    let reached = self.outbound.frames.accepted() - before >= header_len;
                    let fate = if reached { Fate::LOST } else { Fate::UNREACHED };
                    self.sending_failed(error, self.config.stall_timeout, fate)
                });
            }
        };
        outcome.or_else(|error| self.sending_failed(error.into(), self.config.reply_timeout, Fate::UNREACHED))
    }

    /// Frame by frame, looking for a reply before each.
    fn send_octets(&mut self, source: &mut dyn Read) -> Result<Sent, SendError> {
        self.outbound.set_patience(Patience::stall(self.config.stall_timeout));
        self.outbound.frames.flush()?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = read_source(source, &mut chunk).map_err(SendError::Source)?;
            if self.inbound.look_ahead() == Ahead::Bytes {
                return Ok(Sent::Answered);
            }
            let mut writer = MessageWriter::new(&mut self.outbound.frames);
            if count == 0 {
                writer.finish()?;
                return Ok(Sent::Whole);
            }
            writer.write_all(&chunk[..count]).map_err(FrameError::Io)?;
        }
    }

    /// A server that answers before the request has ended reads on to its end before it writes the reply's body. JSON
    /// is there when the handler is done, and nobody wants what was not sent: so the request ends here.
    fn early_reply(&mut self) -> Result<DataType> {
        let body = self.reply_header(Patience::total(self.config.reply_timeout))?;
        if body == DataType::MarshaledJson {
            self.outbound.set_patience(Patience::total(Some(DISCARD_TIME)));
            if let Err(error) = MessageWriter::new(&mut self.outbound.frames).finish() {
                tracing::debug!(%error, "the server has closed behind its reply");
            }
        }
        Ok(body)
    }

    fn sending_failed(&mut self, error: SendError, limit: Option<Duration>, fate: Fate) -> Result<Sent> {
        match error {
            SendError::Frame(FrameError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {
                Err(Error::from_message(error.into(), Doing::Sending, limit, fate))
            }
            SendError::Frame(FrameError::Io(error)) => Ok(Sent::Failed(error, fate)),
            SendError::Frame(FrameError::Malformed(violation)) => {
                Err(Error::Protocol { violation: violation.into(), fate })
            }
            SendError::Source(error) => {
                // the rest cannot be sent: a peer of revision 0 is told by a Reset, and that the write fails is no news
                _ = self.outbound.reset();
                Err(Error::Source(error))
            }
        }
    }

    /// A server that refused early may have closed while we were sending: its reply says more than our broken pipe.
    fn explain(&mut self, error: io::Error, fate: Fate) -> Result<DataType> {
        let limit = self.config.reply_timeout.unwrap_or(EXPLANATION_TIME).min(EXPLANATION_TIME);
        match self.reply_header(Patience::total(Some(limit))) {
            Err(Error::Remote(refusal)) => Err(Error::Remote(refusal)),
            Ok(body) => Ok(body),
            Err(reset) if reset.never_ran() => Err(reset),
            Err(_) => Err(Error::Transport { doing: Doing::Sending, error, fate }),
        }
    }

    fn reply_header(&mut self, patience: Patience) -> Result<DataType> {
        self.inbound.set_patience(patience);
        let mut header = std::mem::take(&mut self.inbound.header);
        let outcome = self.read_reply_header(&mut header);
        self.inbound.header = header;
        outcome
    }

    fn read_reply_header(&mut self, bytes: &mut Vec<u8>) -> Result<DataType> {
        match self.inbound.messages.read_header(bytes) {
            Ok(true) => {}
            Ok(false) => return Err(self.reply_failed(Violation::EndOfStream { expected: "a reply" }.into())),
            Err(MessageError::Reset) => {
                return Err(self.reply_failed(MessageError::Reset).with_fate(Fate::UNREACHED));
            }
            Err(error) => return Err(self.reply_failed(error)),
        }
        let header = ReplyHeader::decode(bytes).map_err(|violation| self.reply_failed(violation.into()))?;
        match self.turn().reply_header(&header) {
            Ok(Answer::Body(body)) => {
                if body.has_body() {
                    self.inbound.messages.start_body();
                }
                Ok(body)
            }
            Ok(Answer::Refused(status)) => {
                let fate = Fate { never_ran: false, connection_usable: self.reusable() };
                Err(Error::Remote(RemoteError { status, message: header.error_message.into_owned(), fate }))
            }
            Err(violation) => Err(self.reply_failed(violation.into())),
        }
    }

    fn reply_failed(&self, error: MessageError) -> Error {
        Error::from_message(error, Doing::WaitingForReply, self.config.reply_timeout, Fate::LOST)
    }

    /// Reads the JSON of a reply whose header [`call`](Wire::call) has read.
    pub(crate) fn read_json(&mut self, body: DataType) -> Result<&[u8]> {
        let Inbound { messages, body: bytes, .. } = &mut self.inbound;
        if !body.has_body() {
            bytes.clear();
            bytes.extend_from_slice(b"null");
            return Ok(&self.inbound.body);
        }
        match messages.read_body(self.config.max_json_len, bytes) {
            Ok(()) => self.turn().reply_ended(),
            Err(MessageError::TooLong { what, limit }) => return Err(self.skip_oversize(what, limit)),
            Err(error) => {
                self.broken = true;
                return Err(self.reply_failed(error));
            }
        }
        Ok(&self.inbound.body)
    }

    /// A reply over the limit is passed over, within a budget, so that the connection stays in step.
    fn skip_oversize(&mut self, what: &'static str, limit: u64) -> Error {
        let skipped = matches!(self.inbound.discard_body(), Ok(true));
        if skipped {
            self.turn().reply_ended();
        } else {
            self.broken = true;
        }
        let fate = Fate { never_ran: false, connection_usable: self.reusable() };
        Error::Limit { what, size: None, limit, fate }
    }

    /// The call is over: gives back memory that a large reply took.
    pub(crate) fn rest(&mut self) {
        self.inbound.trim();
        self.last_used = Instant::now();
    }

    /// Reads from a reply of octets; 0 at its end only.
    pub(crate) fn read_octets(&mut self, out: &mut [u8]) -> Result<usize> {
        self.await_octets();
        let outcome = self.inbound.messages.read_message(out);
        self.octets_read(outcome)
    }

    /// Reads ahead in a reply of octets; returns how many bytes can be [shown](Wire::shown_octets), 0 at its end only.
    pub(crate) fn fill_octets(&mut self) -> Result<usize> {
        self.await_octets();
        let outcome = self.inbound.messages.fill_message().map(<[u8]>::len);
        self.octets_read(outcome)
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
        self.inbound.set_patience(Patience::total(self.config.stall_timeout));
    }

    fn octets_read(&mut self, outcome: Result<usize, MessageError>) -> Result<usize> {
        let count = outcome.map_err(|error| {
            self.broken = true;
            Error::from_message(error, Doing::ReadingStream, self.config.stall_timeout, Fate::LOST)
        })?;
        self.note_end();
        Ok(count)
    }

    fn note_end(&mut self) {
        if self.inbound.messages.body_ended() {
            self.turn().reply_ended();
        }
    }

    /// Passes over what is left of a stream, as far as it has come already.
    pub(crate) fn abandon_octets(&mut self) {
        if self.broken || self.reusable() {
            return;
        }
        self.inbound.look_ahead();
        if matches!(self.inbound.messages.skip_read_ahead(), Ok(true)) {
            self.turn().reply_ended();
        } else {
            self.broken = true;
        }
    }

    /// The Close handshake.
    pub(crate) fn close(mut self) -> Result<()> {
        let limit = self.config.close_timeout;
        close_as_client(&mut self.inbound, &mut self.outbound, limit)
            .map_err(|error| Error::from_message(error, Doing::Closing, limit, Fate::LOST))
    }

    /// Tells the server that no call will come, and waits neither for its answer nor long.
    pub(crate) fn leave(mut self) {
        let limit = self.config.close_timeout.map_or(Duration::from_millis(500), |limit| limit / 10);
        if request_close(&mut self.outbound, Patience::total(Some(limit))).is_ok() {
            finish(&mut self.outbound);
        }
    }
}

/// Why sending a body failed.
enum SendError {
    Frame(FrameError),
    Source(io::Error),
}

impl From<FrameError> for SendError {
    fn from(error: FrameError) -> SendError {
        SendError::Frame(error)
    }
}

fn read_source(source: &mut dyn Read, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}
