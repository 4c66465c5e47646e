//! The four types of frames and their numbers on the wire.

use std::fmt;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// A piece of a JSON header, `0x01`.
    Header,
    /// A piece of a body, `0x02`.
    Data,
    /// The error that ended a body early, `0x03`. Revision 0 reserves the number and never sends
    /// it.
    Trailer,
    /// The sender gives up the connection, `0xff`. It has no payload: its length field means
    /// nothing.
    Reset,
}

impl FrameKind {
    /// Returns the number on the wire.
    pub const fn to_wire(self) -> u8 {
        match self {
            FrameKind::Header => 0x01,
            FrameKind::Data => 0x02,
            FrameKind::Trailer => 0x03,
            FrameKind::Reset => 0xff,
        }
    }

    /// Returns the type with this number on the wire, or `None` if there is none.
    pub const fn from_wire(number: u8) -> Option<FrameKind> {
        match number {
            0x01 => Some(FrameKind::Header),
            0x02 => Some(FrameKind::Data),
            0x03 => Some(FrameKind::Trailer),
            0xff => Some(FrameKind::Reset),
            _ => None,
        }
    }
}

impl fmt::Display for FrameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FrameKind::Header => "Header",
            FrameKind::Data => "Data",
            FrameKind::Trailer => "Trailer",
            FrameKind::Reset => "Reset",
        })
    }
}
