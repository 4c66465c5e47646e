//! How a connection is closed so that the last reply arrives.

use std::time::Duration;

use crate::frame::FrameKind;
use crate::message::{DataType, MessageError, ReplyHeader, Violation};
use crate::transport::TimeLimit;

use super::server_turn::CLOSE;
use super::{Answer, ClientTurn, DISCARD_BYTES, DISCARD_TIME, Inbound, Outbound};

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

/// Closes a client's connection between two calls, by the Close handshake. Failures after the
/// server's acknowledgement are ignored.
pub(crate) fn close_as_client(
    inbound: &mut Inbound,
    outbound: &mut Outbound,
    limit: Option<Duration>,
) -> Result<(), MessageError> {
    let time_limit = TimeLimit::total(limit);
    request_close(outbound, time_limit)?;
    inbound.set_time_limit(time_limit);
    let mut header = Vec::new();
    if !inbound.messages.read_header(&mut header)? {
        return Err(Violation::EndOfStream { expected: "the reply to Close" }.into());
    }
    check_acknowledgement(&header)?;
    if outbound.reset().is_ok() {
        finish(outbound);
        discard_until_the_end(inbound, TimeLimit::total(Some(limit.unwrap_or(DISCARD_TIME).min(DISCARD_TIME))));
    }
    Ok(())
}

/// Asks the server to close, without waiting for its reply.
pub(crate) fn request_close(outbound: &mut Outbound, time_limit: TimeLimit) -> Result<(), MessageError> {
    outbound.set_time_limit(time_limit);
    outbound.encode_control(CLOSE);
    outbound.queue_header()?;
    Ok(outbound.frames.flush()?)
}

fn check_acknowledgement(header: &[u8]) -> Result<(), MessageError> {
    let mut turn = ClientTurn::new(DataType::Control, DataType::Control, 0);
    match turn.reply_header(&ReplyHeader::decode(header)?)? {
        Answer::Body(_) => Ok(()),
        Answer::Refused(status) => Err(Violation::UnknownStatus { found: status.to_wire() }.into()),
    }
}
