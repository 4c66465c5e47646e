//! Several requests on their way on one connection: how many bytes they may be, and how they leave while replies come.

use std::io;
use std::time::Instant;

use crate::connection::{Ahead, Outbound};
use crate::frame::{FRAME_HEADER_LEN, FrameError, FrameKind};
use crate::message::{DataType, MessageWriter, add_timeout, timeout_len};
use crate::transport::{TimeLimit, in_time};

use super::connection::ClientConnection;
use super::deadline::Deadline;

/// The most bytes of requests without a reply if the transport cannot write without blocking: what any transport holds
/// while nobody reads. So sending never waits for a server that waits for its replies to be read.
pub(super) const LEAST_WINDOW: usize = 8 * 1024;

/// The most if it can: what it does not take is sent while replies are awaited. With 8 KiB, both sides waited for each
/// other half of the time, and more than this gained nothing.
pub(super) const WINDOW: usize = 32 * 1024;

/// The most if it has not shown yet whether it can.
const FIRST_WINDOW: usize = 4 * 1024;

/// A request of JSON whose header, without the time left, and JSON are encoded.
#[derive(Clone, Copy)]
pub(super) struct EncodedRequest<'a> {
    pub(super) header: &'a [u8],
    pub(super) json: &'a [u8],
    /// The time left, in milliseconds; 0 is no limit.
    pub(super) timeout_ms: u64,
}

impl EncodedRequest<'_> {
    /// Returns the bytes that it takes on the wire.
    pub(super) fn len(&self) -> usize {
        self.header.len() + timeout_len(self.timeout_ms) + self.json.len() + 2 * FRAME_HEADER_LEN
    }
}

impl ClientConnection {
    /// Whether a write need not block: the rest is sent while replies are awaited.
    pub(super) fn can_send_while_receiving(&self) -> bool {
        self.outbound.frames.get_ref().can_try() && self.control.as_ref().is_some_and(|control| control.can_wait())
    }

    /// Returns how many bytes of requests may be without a reply.
    pub(super) fn window(&self) -> usize {
        match self.can_send_while_receiving() {
            true => WINDOW,
            false if self.outbound.frames.get_ref().is_untried() => FIRST_WINDOW,
            false => LEAST_WINDOW,
        }
    }

    /// Queues a request. One whose JSON is larger than any window is sent at once, within the time limit of `deadline`;
    /// no other may be without a reply then.
    pub(super) fn queue_request(&mut self, request: EncodedRequest<'_>, deadline: Deadline) -> Result<(), FrameError> {
        let Outbound { frames, header, .. } = &mut self.outbound;
        header.clear();
        header.extend_from_slice(request.header);
        add_timeout(header, request.timeout_ms);
        frames.queue(FrameKind::Header, true, header)?;
        if request.json.len() <= WINDOW {
            return frames.queue(FrameKind::Data, true, request.json);
        }
        frames.get_mut().time_limit = TimeLimit::until(deadline.at);
        MessageWriter::new(frames).finish_with(request.json)
    }

    /// Sends what is queued, within a time limit. If the transport can write without blocking, only what it takes at once,
    /// and a failure is returned as a value: a server that has refused a call and closed may have said why, so its replies
    /// are read first.
    pub(super) fn send_queued(&mut self, window: usize, limit: TimeLimit) -> Result<Option<io::Error>, FrameError> {
        if self.outbound.frames.queued() == 0 {
            return Ok(None);
        }
        if window == WINDOW {
            return Ok(self.outbound.try_flush().err());
        }
        self.outbound.set_time_limit(limit);
        self.outbound.frames.flush().map(|()| None)
    }

    /// Sends what has not been sent yet until a reply comes, so that neither side waits in a write for the other to read,
    /// but not beyond `until`.
    pub(super) fn send_until_reply(&mut self, until: Option<Instant>) -> io::Result<()> {
        while self.outbound.frames.queued() > 0 && self.inbound.look_ahead() == Ahead::Nothing {
            in_time(until)?;
            if let Ok(false) = self.outbound.try_flush() {
                self.control.as_ref().map_or(Ok(()), |control| control.wait(until))?;
            }
        }
        Ok(())
    }

    /// The next reply is to a call whose request and reply are JSON.
    pub(super) fn begin_next_reply(&mut self) {
        self.begin_turn(DataType::MarshaledJson, DataType::MarshaledJson);
        self.turn().request_ended();
    }
}
