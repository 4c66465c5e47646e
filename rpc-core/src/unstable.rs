//! The layers below, as this library's own tests, measurements and the program `rpc` use them.
//!
//! **Not covered by semver: any release may change or remove what is here.** The same holds for the
//! hidden methods of [`ReadHalf`](crate::transport::ReadHalf) and
//! [`WriteHalf`](crate::transport::WriteHalf), which exist for the kernel's copies, and of
//! [`Control`](crate::transport::Control):
//!
//! | hidden method | what it does |
//! |---|---|
//! | `ReadHalf::read_announced` | reads payload that the peer has announced, and may wait for much of it |
//! | `ReadHalf::read_to_pipe` | moves payload into a [`KernelPipe`] |
//! | `WriteHalf::write_more` | writes what is followed by more at once |
//! | `WriteHalf::takes_pipes` | whether `write_from_pipe` works |
//! | `WriteHalf::write_from_pipe` | moves payload out of a [`KernelPipe`] |
//! | `Control::reset` | makes the peer see a broken connection, and not an end |
//!
//! A transport that wraps another and does not forward them loses speed and nothing else.

pub use crate::client::open_transport;
pub use crate::frame::{FRAME_HEADER_LEN, FrameError, FrameHeader, FrameReader, FrameWriter, MAX_PAYLOAD_LEN};
pub use crate::message::{
    MAX_DETAILS_LEN, MAX_HEADER_LEN, MAX_HEADER_LEN_WRITTEN, MessageError, MessageReader, REVISION, ReplyHeader,
    RequestHeader, TrailerError,
};
pub use crate::transport::kernel::KernelPipe;
pub use crate::transport::socket_listener::listen;
