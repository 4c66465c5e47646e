//! What a reader requires of single frames: which may come where, and how long they may be.

use std::io::Read;

use crate::frame::{FrameHeader, FrameKind, FrameReader};

use super::{MAX_HEADER_LEN, MessageError, Violation};

/// The frame that an original sender sends after a header of exactly the limit.
pub(super) const EXTRA_FRAME: FrameHeader = FrameHeader { kind: FrameKind::Header, last: true, len: 0 };

/// Returns the bytes after the first frame, if that frame is complete, of this type, and the last
/// of its message.
pub(super) fn after_last_frame(bytes: &[u8], kind: FrameKind) -> Option<&[u8]> {
    let (header, rest) = bytes.split_first_chunk()?;
    let frame = FrameHeader::decode(*header).ok()?;
    if frame.kind == kind && frame.last { rest.get(frame.len as usize..) } else { None }
}

pub(super) fn check_header_len(len: usize) -> Result<(), Violation> {
    if len > MAX_HEADER_LEN { Err(Violation::HeaderTooLong { limit: MAX_HEADER_LEN }) } else { Ok(()) }
}

/// A Trailer is one frame, and may be as long as a header.
pub(super) fn check_trailer(frame: FrameHeader) -> Result<(), Violation> {
    if frame.last { check_header_len(frame.len as usize) } else { Err(Violation::TrailerNotFinal) }
}

pub(super) fn expect(expected: FrameKind, found: FrameKind) -> Result<(), Violation> {
    if expected == found { Ok(()) } else { Err(Violation::UnexpectedFrame { expected, found }) }
}

/// Reads the rest of the present frame. On an error, what was read stays in `out`.
pub(super) fn append_payload<R: Read>(frames: &mut FrameReader<R>, out: &mut Vec<u8>) -> Result<(), MessageError> {
    while frames.remaining() > 0 {
        let shown = frames.fill_payload()?;
        out.extend_from_slice(shown);
        let count = shown.len();
        frames.consume_payload(count);
    }
    Ok(())
}

pub(super) fn end_of_stream(expected: &'static str) -> MessageError {
    Violation::EndOfStream { expected }.into()
}
