//! What can be wrong with a frame.

use std::{fmt, io};

use super::FrameKind;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The byte stream below failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes are no frame.
    #[error(transparent)]
    Malformed(#[from] FrameViolation),
}

/// How bytes fail to be a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameViolation {
    /// The first byte names no type.
    #[error("expected a frame of type 0x01, 0x02, 0x03 or 0xff, found {found:#04x}")]
    UnknownKind {
        /// The byte that came.
        found: u8,
    },
    /// The length field, or the payload to be written, is over the limit.
    #[error("expected a {kind} frame of at most {limit} bytes, found {found}")]
    TooLong {
        /// The frame's type.
        kind: FrameKind,
        /// The length announced.
        found: u64,
        /// The largest length allowed, inclusive.
        limit: u32,
    },
    /// The byte stream ended inside a frame.
    #[error("the peer hung up inside a frame: expected {expected} bytes of {part}, found {found}")]
    Truncated {
        /// Where it ended.
        part: FramePart,
        /// The bytes that this part has.
        expected: u32,
        /// The bytes of it that came.
        found: u32,
    },
}

/// A part of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FramePart {
    /// The first six bytes.
    Header,
    /// What follows them.
    Payload,
}

impl fmt::Display for FramePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FramePart::Header => "frame header",
            FramePart::Payload => "payload",
        })
    }
}
