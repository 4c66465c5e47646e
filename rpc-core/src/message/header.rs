//! The JSON object that opens each request and reply: what it says.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{DataType, Metadata, Status};

/// The most bytes that a header may have, white space included.
pub const MAX_HEADER_LEN: usize = 4096;

/// The most bytes of a header that this library writes. Original readers fail on one of exactly
/// 4096.
pub const MAX_HEADER_LEN_WRITTEN: usize = MAX_HEADER_LEN - 1;

/// The revision of the protocol that this library speaks and names in each header.
pub const REVISION: u32 = 1;

/// The most bytes that an error's details may take in a header.
pub const MAX_DETAILS_LEN: usize = 2048;

/// The header of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestHeader<'a> {
    /// The method's name.
    pub endpoint: Cow<'a, str>,
    /// The number of the [`DataType`] of the request's body.
    pub data_type: u32,
    /// The number of the [`DataType`] that the caller accepts in return.
    pub accept: u32,
    /// The revision that the client speaks.
    pub revision: u32,
    /// Whether the body's JSON is an object of parameters. Without JSON it has no meaning.
    pub named: bool,
    /// The time left until the caller's deadline, in milliseconds, rounded up; 0 if there is none.
    pub timeout_ms: u64,
    /// The pairs that the caller attached.
    pub metadata: Metadata<'a>,
}

/// The header of a reply; also the payload of a [`Trailer`](crate::frame::FrameKind::Trailer)
/// frame.
#[derive(Debug, Clone, Default)]
pub struct ReplyHeader<'a> {
    /// The number of the [`DataType`] of the reply's body.
    pub data_type: u32,
    /// The number of the [`Status`].
    pub error: u32,
    /// Text for people.
    pub error_message: Cow<'a, str>,
    /// The handler's error as JSON. `null` is a value.
    pub error_details: Option<&'a RawValue>,
    /// Whether the server refuses the whole connection, so that the request was not run. Has a
    /// meaning in a reply only.
    pub not_run: bool,
    /// The revision that the server speaks.
    pub revision: u32,
}

impl<'a> RequestHeader<'a> {
    /// Returns the header for a call of `endpoint`.
    pub fn new(endpoint: &'a str, body: DataType, accept: DataType) -> RequestHeader<'a> {
        RequestHeader {
            endpoint: endpoint.into(),
            data_type: body.to_wire(),
            accept: accept.to_wire(),
            revision: REVISION,
            ..RequestHeader::default()
        }
    }
}

impl<'a> ReplyHeader<'a> {
    /// Returns the header of a successful reply.
    pub fn ok(body: DataType) -> ReplyHeader<'static> {
        ReplyHeader {
            data_type: body.to_wire(),
            error: Status::Ok.to_wire(),
            revision: REVISION,
            ..ReplyHeader::default()
        }
    }

    /// Returns the header of a reply that refuses a request. A message that does not fit is cut
    /// when it is written.
    pub fn refusal(status: Status, message: &'a str) -> ReplyHeader<'a> {
        ReplyHeader { revision: REVISION, ..ReplyHeader::trailer(status, message) }
    }

    /// Returns the header of a reply that refuses a request, which was not run, and its connection.
    /// A message that does not fit is cut when it is written.
    pub fn not_run(message: &'a str) -> ReplyHeader<'a> {
        ReplyHeader { not_run: true, ..ReplyHeader::refusal(Status::RequestError, message) }
    }

    /// Returns the payload of a Trailer frame. A message that does not fit is cut when it is
    /// written.
    pub fn trailer(status: Status, message: &'a str) -> ReplyHeader<'a> {
        ReplyHeader { error: status.to_wire(), error_message: message.into(), ..ReplyHeader::default() }
    }

    /// Adds the handler's error as JSON, unless it has more than [`MAX_DETAILS_LEN`] bytes.
    #[must_use]
    pub fn with_details(self, details: Option<&'a RawValue>) -> ReplyHeader<'a> {
        ReplyHeader { error_details: details.filter(|json| json.get().len() <= MAX_DETAILS_LEN), ..self }
    }
}

/// Compares details as text.
impl PartialEq for ReplyHeader<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.data_type, self.error, self.not_run, self.revision)
            == (other.data_type, other.error, other.not_run, other.revision)
            && self.error_message == other.error_message
            && self.error_details.map(RawValue::get) == other.error_details.map(RawValue::get)
    }
}
