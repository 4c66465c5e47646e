//! Where frames begin and end in bytes that come in pieces of any size. Pure.

use rpc_core::unstable::{FRAME_HEADER_LEN, FrameHeader};
use rpc_core::{FrameKind, FramePart, FrameViolation};

/// Finds the frames in one direction of a connection. After bytes that are not a frame, it finds no
/// more of them.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    head: [u8; FRAME_HEADER_LEN],
    /// The bytes of the head that have come.
    come: usize,
    /// The frame whose payload comes now.
    frame: Option<FrameHeader>,
    /// The bytes of its payload that are missing.
    missing: u32,
    lost: bool,
}

/// A part of what came. How payload is cut into pieces means nothing.
#[derive(Debug)]
pub(crate) enum Piece<'b> {
    Payload(FrameHeader, &'b [u8]),
    /// All of its payload has come.
    Ends(FrameHeader),
    /// What follows is not a frame.
    Violation(FrameViolation),
    Unframed(&'b [u8]),
}

impl Frames {
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Piece<'_>)) {
        while !bytes.is_empty() {
            let count = match self.frame {
                _ if self.lost => {
                    each(Piece::Unframed(bytes));
                    bytes.len()
                }
                Some(frame) => self.payload(frame, bytes, &mut each),
                None => self.head(bytes, &mut each),
            };
            bytes = &bytes[count..];
        }
    }

    /// Returns what is wrong if the stream ends now.
    pub(crate) fn finish(&self) -> Option<FrameViolation> {
        let (part, expected, found) = match self.frame {
            Some(frame) => (FramePart::Payload, frame.len, frame.len - self.missing),
            None if self.come == 0 || self.lost => return None,
            None => (FramePart::Header, len(FRAME_HEADER_LEN), len(self.come)),
        };
        Some(FrameViolation::Truncated { part, expected, found })
    }

    /// Takes bytes of a head, and returns how many.
    fn head(&mut self, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) -> usize {
        let count = bytes.len().min(FRAME_HEADER_LEN - self.come);
        self.head[self.come..self.come + count].copy_from_slice(&bytes[..count]);
        self.come += count;
        // another protocol may say less than six bytes and wait
        let begun = FrameKind::from_wire(self.head[0]).is_some();
        let decoded = match FrameHeader::decode(self.head) {
            _ if begun && self.come < FRAME_HEADER_LEN => return count,
            decoded => decoded,
        };
        match decoded {
            Ok(frame) => {
                (self.come, self.missing) = (0, frame.len);
                if frame.len == 0 {
                    each(Piece::Ends(frame));
                } else {
                    self.frame = Some(frame);
                }
            }
            Err(violation) => {
                self.lost = true;
                each(Piece::Violation(violation));
                each(Piece::Unframed(&self.head[..self.come]));
            }
        }
        count
    }

    /// Takes bytes of payload, and returns how many.
    fn payload(&mut self, frame: FrameHeader, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) -> usize {
        let count = bytes.len().min(self.missing as usize);
        each(Piece::Payload(frame, &bytes[..count]));
        self.missing -= len(count);
        if self.missing == 0 {
            self.frame = None;
            each(Piece::Ends(frame));
        }
        count
    }
}

/// A length within a frame, which has four bytes.
fn len(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
