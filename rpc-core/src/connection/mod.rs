//! Connections: whose turn it is, and when a stream cannot be used any more.
//!
//! The order rules are pure state machines in files of their own, one a side: [`ClientTurn`] and [`ServerTurn`]. The rest
//! moves bytes as they say. After any error a connection is in step or closed; who drives it keeps the verdict.

mod client_turn;
mod closing;
#[cfg(test)]
mod interleavings;
mod octets;
mod server_turn;

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use crate::frame::{FrameError, FrameKind, FrameWriter};
use crate::message::{MessageError, MessageReader, MessageWriter, ReplyHeader};
use crate::transport::{Control, KernelPipe, Parts, ReadHalf, TimeLimit, Timed, WriteHalf};

pub(crate) use client_turn::{Answer, ClientTurn};
pub(crate) use closing::{Farewell, close, close_as_client, discard_until_the_end, finish, request_close};
pub(crate) use octets::Target;
pub(crate) use server_turn::{PING, ServerTurn, Wanted};

/// Bytes that are read and thrown away at most to keep a connection in step: more than the largest frame and the buffers
/// on the way.
pub(crate) const DISCARD_BYTES: u64 = 16 * 1024 * 1024;

/// The time that throwing away may take.
pub(crate) const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Bytes that an idle connection keeps of each of its buffers for headers. A server has two of them, one for JSON, and one for
/// frames that wait (4 KiB); with what is read ahead they make less than 16 KiB. What grows by doubling needs twice its
/// size: headers of 256 bytes and values of 512 need no memory anew.
const HEADER_KEPT: usize = 512;

/// Bytes that an idle connection keeps of each of its buffers for JSON.
const JSON_KEPT: usize = 1024;

/// Bytes of a stream that are read from its source at once where octets go both ways.
pub(crate) const CHUNK: usize = 256 * 1024;

/// Both directions of a connection, before it is known which side this is.
pub(crate) struct Ends {
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    pub(crate) control: Option<Arc<dyn Control>>,
}

impl Ends {
    pub(crate) fn new(parts: Parts) -> Ends {
        Ends {
            inbound: Inbound {
                messages: MessageReader::new(Timed::new(parts.reader)),
                header: Vec::new(),
                body: Vec::new(),
            },
            outbound: Outbound::new(parts.writer),
            control: parts.control,
        }
    }
}

/// The direction from the peer.
pub(crate) struct Inbound {
    pub(crate) messages: MessageReader<Timed<dyn ReadHalf>>,
    /// The last header read.
    pub(crate) header: Vec<u8>,
    /// The last JSON body read.
    pub(crate) body: Vec<u8>,
}

/// What a look without blocking found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// Nothing has come yet.
    Nothing,
    /// Bytes are there.
    Bytes,
    /// The peer has ended its direction, or the transport failed.
    End,
    /// The transport cannot look.
    Blind,
}

impl Inbound {
    pub(crate) fn set_time_limit(&mut self, time_limit: TimeLimit) {
        self.messages.frames_mut().get_mut().time_limit = time_limit;
    }

    /// What has come since the last read, without blocking.
    pub(crate) fn look_ahead(&mut self) -> Ahead {
        if !self.messages.ahead().is_empty() {
            return Ahead::Bytes;
        }
        match self.messages.frames_mut().read_ahead(|source, buffer| source.half.try_read(buffer)) {
            Ok(0) => Ahead::End,
            Ok(_) if self.messages.ahead().is_empty() => Ahead::Nothing,
            Ok(_) => Ahead::Bytes,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ahead::Nothing,
                io::ErrorKind::Unsupported => Ahead::Blind,
                _ => Ahead::End,
            },
        }
    }

    /// Whether the frame that was read ahead, after the end of a request, cancels its call or gives the connection up.
    pub(crate) fn cancel_is_next(&self) -> bool {
        let kind = self.messages.ahead().first().copied().and_then(FrameKind::from_wire);
        matches!(kind, Some(FrameKind::Trailer | FrameKind::Reset))
    }

    /// Waits until something comes, within the time limit; `false` at the end of the stream.
    pub(crate) fn wait(&mut self) -> io::Result<bool> {
        if !self.messages.frames().buffered().is_empty() {
            return Ok(true);
        }
        Ok(self.messages.frames_mut().read_ahead(io::Read::read)? > 0)
    }

    /// Reads the rest of the body and throws it away, its end by a Trailer frame included; `false` where the budget did not
    /// reach.
    pub(crate) fn discard_body(&mut self) -> Result<bool, MessageError> {
        if self.messages.skip_read_ahead()? {
            return Ok(true);
        }
        self.set_time_limit(TimeLimit::total(Some(DISCARD_TIME)));
        let mut left = DISCARD_BYTES;
        loop {
            self.messages.next_part();
            let count = match self.messages.fill_message() {
                Ok(shown) => shown.len(),
                Err(MessageError::Trailer(_)) => 0,
                Err(MessageError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => return Ok(false),
                Err(error) => return Err(error),
            };
            if self.messages.body_ended() {
                return Ok(true);
            }
            self.messages.consume_message(count);
            match left.checked_sub(count as u64) {
                Some(rest) => left = rest,
                None => return Ok(false),
            }
        }
    }

    /// Gives back memory that a large message took.
    pub(crate) fn trim(&mut self) {
        trim_header(&mut self.header);
        trim_json(&mut self.body);
    }
}

/// The direction to the peer.
pub(crate) struct Outbound {
    pub(crate) frames: FrameWriter<Timed<dyn WriteHalf>>,
    /// The header to be written.
    pub(crate) header: Vec<u8>,
    /// The JSON body to be written.
    pub(crate) body: Vec<u8>,
    /// On a server: whether another thread will send what is held back if its own does not.
    pub(crate) flush_scheduled: bool,
}

impl Outbound {
    fn new(writer: Box<dyn WriteHalf>) -> Outbound {
        Outbound {
            frames: FrameWriter::new(Timed::new(writer)),
            header: Vec::new(),
            body: Vec::new(),
            flush_scheduled: false,
        }
    }

    pub(crate) fn set_time_limit(&mut self, time_limit: TimeLimit) {
        self.frames.get_mut().time_limit = time_limit;
    }

    /// Queues a reply's header.
    pub(crate) fn queue_reply(&mut self, header: &ReplyHeader<'_>) -> Result<(), FrameError> {
        self.header.clear();
        header.encode(&mut self.header);
        self.queue_header()
    }

    /// Queues the header that stands ready.
    pub(crate) fn queue_header(&mut self) -> Result<(), FrameError> {
        self.frames.queue(FrameKind::Header, true, &self.header)
    }

    /// Sends of what is queued as much as the transport takes without blocking; tells whether that is all of it.
    pub(crate) fn try_flush(&mut self) -> io::Result<bool> {
        self.frames.try_flush(|writer, queued| writer.half.try_write(&[IoSlice::new(queued)]))
    }

    /// Sends of these bytes, which are frames, as much as the transport takes without blocking, and returns how many.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frames.try_write(bytes, |writer, bytes| writer.half.try_write(&[IoSlice::new(bytes)]))
    }

    /// Sends what is queued, and the JSON body that stands ready as the message behind it.
    pub(crate) fn write_json(&mut self) -> Result<(), FrameError> {
        MessageWriter::new(&mut self.frames).finish_with(&self.body)
    }

    /// Whether the kernel can move a frame's payload.
    pub(crate) fn takes_pipes(&self) -> bool {
        self.frames.get_ref().half.takes_pipes()
    }

    /// Sends the `len` bytes that a pipe holds as a frame of a body.
    pub(crate) fn write_from_pipe(&mut self, pipe: &mut KernelPipe, len: usize) -> Result<(), FrameError> {
        self.frames.write_by(
            (FrameKind::Data, false, len),
            |sink, head| {
                let until = sink.begin();
                sink.half.write_more(head, until)
            },
            |sink| {
                let until = sink.begin();
                sink.half.write_from_pipe(pipe, until)
            },
        )
    }

    /// Ends a body in place of its next frame, or, behind a request's body, cancels the reply.
    pub(crate) fn write_trailer(&mut self, trailer: &ReplyHeader<'_>) -> Result<(), FrameError> {
        self.header.clear();
        trailer.encode(&mut self.header);
        self.frames.write(FrameKind::Trailer, true, &self.header)
    }

    /// Gives up the connection. Nothing may be written behind it.
    pub(crate) fn reset(&mut self) -> Result<(), FrameError> {
        self.frames.write(FrameKind::Reset, true, &[])
    }

    /// Gives back memory that a large message took.
    pub(crate) fn trim(&mut self) {
        self.frames.trim();
        trim_header(&mut self.header);
        trim_json(&mut self.body);
    }
}

/// Gives back a header's buffer that a large one took.
pub(crate) fn trim_header(scratch: &mut Vec<u8>) {
    trim(scratch, HEADER_KEPT);
}

/// Gives back a JSON body's buffer that a large one took.
pub(crate) fn trim_json(scratch: &mut Vec<u8>) {
    trim(scratch, JSON_KEPT);
}

fn trim(scratch: &mut Vec<u8>, kept: usize) {
    if scratch.capacity() > kept {
        *scratch = Vec::new();
    }
}
