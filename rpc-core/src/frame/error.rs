//! What can be wrong with a frame.

use std::error::Error;
use std::{fmt, io};

use super::FrameKind;

/// Why a frame could not be read or written.
#[derive(Debug)]
pub enum FrameError {
    /// The byte stream below failed.
    Io(io::Error),
    /// The bytes are not a frame.
    Malformed(FrameViolation),
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameViolation {
    /// The first byte is not the number of a type.
    UnknownKind {
        /// The byte that arrived.
        found: u8,
    },
    /// The length field, or the payload to be written, exceeds the limit.
    TooLong {
        /// The frame's type.
        kind: FrameKind,
        /// The length announced.
        found: u64,
        /// The largest length allowed, inclusive.
        limit: u32,
    },
    /// The byte stream ended inside a frame.
    Truncated {
        /// Where it ended.
        part: FramePart,
        /// The bytes that this part has.
        expected: u32,
        /// The bytes of it that arrived.
        found: u32,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Io(error) => error.fmt(f),
            FrameError::Malformed(violation) => violation.fmt(f),
        }
    }
}

/// Each prints its cause, so none of them has a source.
impl Error for FrameError {}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> FrameError {
        FrameError::Io(error)
    }
}

impl From<FrameViolation> for FrameError {
    fn from(violation: FrameViolation) -> FrameError {
        FrameError::Malformed(violation)
    }
}

impl fmt::Display for FrameViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameViolation::UnknownKind { found } => {
                write!(f, "expected a frame of type 0x01, 0x02, 0x03 or 0xff, found {found:#04x}")?;
                // the types of TLS records
                if matches!(found, 0x14..=0x17) {
                    f.write_str(" (the other side may speak TLS: then this side has to, too; the address of a client begins with tls://)")?;
                }
                if found.is_ascii_graphic() {
                    write!(f, " ({:?}: the other side may speak another protocol)", char::from(*found))?;
                }
                Ok(())
            }
            FrameViolation::TooLong { kind, found, limit } => {
                write!(f, "expected a {kind} frame of at most {limit} bytes, found {found}")
            }
            FrameViolation::Truncated { part, expected, found } => {
                write!(f, "the peer hung up inside a frame: expected {expected} bytes of {part}, found {found}")
            }
        }
    }
}

impl Error for FrameViolation {}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_protocol_is_told_by_its_letter() {
        let text = |found| FrameViolation::UnknownKind { found }.to_string();
        assert!(text(b'H').ends_with("found 0x48 ('H': the other side may speak another protocol)"), "{}", text(b'H'));
        assert!(text(0x18).ends_with("found 0x18"), "{}", text(0x18));
        assert!(text(0x15).ends_with("begins with tls://)"), "{}", text(0x15));
    }
}
