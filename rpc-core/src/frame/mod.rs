//! Frames: the smallest unit on the wire, six bytes and a payload.
//!
//! | offset | size | field | values |
//! |---|---|---|---|
//! | 0 | 1 | type | `0x01` Header, `0x02` Data, `0x03` Trailer, `0xff` Reset |
//! | 1 | 1 | final | `0`: more frames of this message follow; anything else: the last one |
//! | 2 | 4 | payload length | unsigned, little endian, at most 4 MiB inclusive |
//! | 6 | n | payload | |
//!
//! This layer does not know what payloads mean or whose turn it is. It works over any
//! [`Read`](std::io::Read) and [`Write`](std::io::Write). `PROTOCOL.md` section 1 is its
//! specification.

mod error;
mod header;
mod kind;
mod reader;
mod writer;

pub use error::{FrameError, FramePart, FrameViolation};
pub use header::FrameHeader;
pub use kind::FrameKind;
pub use reader::FrameReader;
pub use writer::FrameWriter;
pub(crate) use writer::TryWrite;

/// Bytes of a frame's header.
pub const FRAME_HEADER_LEN: usize = 6;

/// The most bytes that a frame's payload may have: 4 MiB, inclusive.
pub const MAX_PAYLOAD_LEN: u32 = 4 * 1024 * 1024;
