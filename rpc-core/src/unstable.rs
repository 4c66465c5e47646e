//! The layers below, as this library's own tests and measurements use them.
//!
//! **Not covered by semver: any release may change or remove what is here.** The same holds for the
//! hidden methods of [`ReadHalf`](crate::transport::ReadHalf) and
//! [`WriteHalf`](crate::transport::WriteHalf). Both exist for the kernel's copies:
//!
//! | hidden method | what it does |
//! |---|---|
//! | `ReadHalf::read_announced` | reads payload that the peer has announced, and may wait for much of it |
//! | `ReadHalf::read_to_pipe` | moves payload into a [`KernelPipe`] |
//! | `WriteHalf::write_more` | writes what is followed by more at once |
//! | `WriteHalf::takes_pipes` | whether `write_from_pipe` works |
//! | `WriteHalf::write_from_pipe` | moves payload out of a [`KernelPipe`] |
//!
//! A transport that wraps another and does not forward them loses speed and nothing else.

pub use crate::frame::{FRAME_HEADER_LEN, FrameError, FrameHeader, FrameReader, FrameWriter, MAX_PAYLOAD_LEN};
pub use crate::message::{
    MAX_DETAILS_LEN, MAX_HEADER_LEN, MAX_HEADER_LEN_WRITTEN, MessageError, MessageReader, REVISION, ReplyHeader,
    RequestHeader, TrailerError,
};
pub use crate::transport::kernel::KernelPipe;
