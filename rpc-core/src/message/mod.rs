//! Messages: runs of frames of one type, and their content.
//!
//! A *message* ends with its first final frame. Its content is the concatenated payloads; frame
//! borders mean nothing. A request or reply is a header message, which is one JSON object, and the
//! body that the header announces by its [`DataType`]. This layer does not know whose turn it is.
//! `PROTOCOL.md` section 2 is its specification.

mod data_type;
mod encoding;
mod error;
mod excerpt;
mod fast_path;
mod fields;
mod header;
pub(crate) mod json;
mod metadata;
mod reader;
mod status;
mod writer;

pub use data_type::DataType;
pub use error::{MalformedBody, MessageError, TrailerError, Violation};
pub(crate) use excerpt::excerpt;
pub(crate) use fields::{add_timeout, timeout_len};
pub use header::{MAX_DETAILS_LEN, MAX_HEADER_LEN, MAX_HEADER_LEN_WRITTEN, REVISION, ReplyHeader, RequestHeader};
pub use metadata::{Metadata, TRACEPARENT};
pub use reader::MessageReader;
pub use status::Status;
