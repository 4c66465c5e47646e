//! Several requests in flight on one connection: how many bytes they may have, and how they are
//! sent while replies arrive.

use std::io;
use std::time::Instant;

use crate::connection::{Ahead, Outbound};
use crate::error::{Error, Operation};
use crate::frame::{FRAME_HEADER_LEN, FrameError, FrameKind};
use crate::message::{add_timeout, timeout_len};
use crate::transport::{TimeLimit, time_left};

use super::connection::ClientConnection;
use super::deadline::Deadline;

/// The largest window if the transport cannot write without blocking: as much as every transport
/// holds while nobody reads. So sending never waits for a server that itself waits for its replies
/// to be read.
pub(super) const LEAST_WINDOW: usize = 8 * 1024;

/// The largest window if it can: what the transport does not take is sent while replies are
/// awaited. With 8 KiB, each side waited for the other half of the time; more than 32 KiB gained
/// nothing.
pub(super) const WINDOW: usize = 32 * 1024;

/// The largest window until it is known whether it can.
const FIRST_WINDOW: usize = 4 * 1024;

/// A JSON request whose header, without the time left, and body are encoded.
#[derive(Clone, Copy)]
pub(super) struct EncodedRequest<'a> {
    pub(super) header: &'a [u8],
    pub(super) json: &'a [u8],
    /// The time left, in milliseconds; 0 is no limit.
    pub(super) timeout_ms: u64,
}

/// Returns the error of a call in flight behind one whose error has ended the connection. The
/// server answers in order: behind a request that was not run, none was.
pub(super) fn error_behind(first: &Error) -> Error {
    match first {
        Error::Transport { .. } | Error::Cancelled { .. } => first.repeated(),
        // the server has refused the connection, and so each call on it
        _ if first.never_ran() => first.repeated(),
        _ => Error::lost(Operation::WaitingForReply, io::ErrorKind::ConnectionAborted),
    }
}

impl EncodedRequest<'_> {
    /// Returns its number of bytes on the wire.
    pub(super) fn len(&self) -> usize {
        self.header.len() + timeout_len(self.timeout_ms) + self.json.len() + 2 * FRAME_HEADER_LEN
    }
}

impl ClientConnection {
    /// Returns the window: how many bytes of requests may be without a reply.
    pub(super) fn window(&self) -> usize {
        let writer = self.outbound.frames.get_ref();
        match self.control.as_ref().is_some_and(|control| control.can_wait()) {
            true if writer.can_try() => WINDOW,
            _ if writer.is_untried() => FIRST_WINDOW,
            _ => LEAST_WINDOW,
        }
    }

    /// Queues a request. A request whose JSON is larger than any window is sent at once, within the
    /// time limit of `deadline`; no other request may be without a reply then.
    pub(super) fn queue_request(
        &mut self,
        request: EncodedRequest<'_>,
        deadline: Deadline<'_>,
    ) -> Result<(), FrameError> {
        let Outbound { frames, header, .. } = &mut *self.outbound;
        header.clear();
        header.extend_from_slice(request.header);
        add_timeout(header, request.timeout_ms);
        frames.queue(FrameKind::Header, true, header)?;
        if request.json.len() <= WINDOW {
            return frames.queue(FrameKind::Data, true, request.json);
        }
        frames.get_mut().time_limit = TimeLimit::Until(deadline.at);
        frames.finish_body(request.json)
    }

    /// Sends what is queued, within a time limit. If the transport can write without blocking, this
    /// sends only what is possible at once, and returns a failure as a value: a server that refused
    /// a call and closed may have said why, so its replies are read first.
    pub(super) fn send_queued(&mut self, window: usize, limit: TimeLimit) -> Result<Option<io::Error>, FrameError> {
        if self.outbound.frames.is_sent() {
            return Ok(None);
        }
        if window == WINDOW {
            return Ok(self.outbound.frames.try_flush().err());
        }
        self.outbound.set_time_limit(limit);
        self.outbound.frames.flush().map(|()| None)
    }

    /// Sends queued requests until a reply arrives, so that the two sides never both wait in a
    /// write. Fails if `until` passes first.
    pub(super) fn send_until_reply(&mut self, until: Option<Instant>) -> io::Result<()> {
        while !self.outbound.frames.is_sent() && self.inbound.look_ahead() == Ahead::Nothing {
            time_left(until)?;
            if let Ok(false) = self.outbound.frames.try_flush() {
                self.control.as_ref().map_or(Ok(()), |control| control.wait(until))?;
            }
        }
        Ok(())
    }
}
