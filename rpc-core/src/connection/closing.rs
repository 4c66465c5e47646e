//! How a connection is closed so that the last reply arrives.

use crate::frame::{FrameError, FrameKind};
use crate::transport::TimeLimit;

use super::server_turn::CLOSE;
use super::{DISCARD_BYTES, Inbound, Outbound};

/// Ends the direction to the peer, after its last frame.
pub(crate) fn finish(outbound: &mut Outbound) {
    let writer = outbound.frames.get_mut();
    let until = writer.time_limit.deadline();
    if let Err(error) = writer.half.finish(until) {
        tracing::trace!(%error, "the peer closed first");
    }
}

/// Reads and throws away everything up to the peer's Reset frame or its end, but no more than
/// [`DISCARD_BYTES`].
pub(crate) fn discard_until_the_end(inbound: &mut Inbound, time_limit: TimeLimit) {
    inbound.set_time_limit(time_limit);
    let mut read = 0;
    while read <= DISCARD_BYTES {
        match inbound.messages.frames_mut().next_frame() {
            Ok(Some(frame)) if frame.kind != FrameKind::Reset => read += 6 + u64::from(frame.len),
            _ => return,
        }
    }
}

/// Asks the server to close, without waiting for its reply.
pub(crate) fn request_close(outbound: &mut Outbound, time_limit: TimeLimit) -> Result<(), FrameError> {
    outbound.set_time_limit(time_limit);
    outbound.encode_control(CLOSE);
    outbound.queue_header()?;
    outbound.frames.flush()
}
