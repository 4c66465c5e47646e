//! What can be wrong with a message.

use std::io;

use crate::frame::{FrameError, FrameKind, FrameViolation};

use super::{DataType, ReplyHeader, Status};

/// Why a message could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The byte stream below failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer sent what the protocol does not allow here.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The peer ended a body early, and says why. The body is over, the connection in step.
    #[error(transparent)]
    Trailer(Box<TrailerError>),
    /// The peer gave up the connection with a Reset frame.
    #[error("the peer reset the connection")]
    Reset,
    /// A message is longer than allowed. Its rest has not been read.
    #[error("the {what} has more than {limit} bytes")]
    TooLong {
        /// What was read.
        what: &'static str,
        /// The most bytes that it may have.
        limit: u64,
    },
}

impl From<FrameError> for MessageError {
    fn from(error: FrameError) -> MessageError {
        match error {
            FrameError::Io(error) => MessageError::Io(error),
            FrameError::Malformed(violation) => MessageError::Violation(Violation::Frame(violation)),
        }
    }
}

impl From<MessageError> for io::Error {
    fn from(error: MessageError) -> io::Error {
        let kind = match error {
            MessageError::Io(error) => return error,
            MessageError::Violation(ref violation) if violation.is_truncation() => io::ErrorKind::UnexpectedEof,
            MessageError::Violation(_) | MessageError::TooLong { .. } => io::ErrorKind::InvalidData,
            MessageError::Trailer(_) => io::ErrorKind::Other,
            MessageError::Reset => io::ErrorKind::ConnectionReset,
        };
        io::Error::new(kind, error)
    }
}

/// Why the sender of a body ended it early, in a Trailer frame's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct TrailerError {
    /// Who is at fault.
    pub status: Status,
    /// Text for people.
    pub message: String,
    /// The error as JSON, if it came with the text.
    pub details: Option<Box<str>>,
}

impl TrailerError {
    /// Reads what a Trailer frame holds.
    ///
    /// # Errors
    /// [`Violation::MalformedHeader`], [`Violation::HeaderCut`], or [`Violation::TrailerStatus`].
    pub fn decode(bytes: &[u8]) -> Result<TrailerError, Violation> {
        let header = ReplyHeader::decode(bytes)?;
        match Status::from_wire(header.error) {
            None | Some(Status::Ok) => Err(Violation::TrailerStatus { found: header.error }),
            Some(status) => Ok(TrailerError {
                status,
                message: header.error_message.into_owned(),
                details: header.error_details.map(|json| json.get().into()),
            }),
        }
    }
}

/// How the peer broke the protocol: what was expected and what came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The bytes are no frame.
    #[error(transparent)]
    Frame(#[from] FrameViolation),
    /// A frame of the wrong type.
    #[error("expected a {expected} frame, found a {found} frame")]
    UnexpectedFrame {
        /// The type that the order rules ask for.
        expected: FrameKind,
        /// The type that came.
        found: FrameKind,
    },
    /// The byte stream ended at a frame border, but inside a message or before one that must come.
    #[error("the peer hung up: expected {expected}, found the end of the byte stream")]
    EndOfStream {
        /// What should have come.
        expected: &'static str,
    },
    /// A header message over the limit.
    #[error("expected a header of at most {limit} bytes, found more")]
    HeaderTooLong {
        /// The most bytes that a header may have.
        limit: usize,
    },
    /// A header that is no header object.
    #[error("expected a header object, found {len} bytes that are none: {problem}")]
    MalformedHeader {
        /// Its length in bytes.
        len: usize,
        /// What the JSON reader says of it.
        problem: String,
    },
    /// A header of exactly the size at which original senders cut it, and it does not parse.
    #[error("expected a header object, found one that its sender cut after {len} bytes")]
    HeaderCut {
        /// Its length in bytes.
        len: usize,
    },
    /// A reply with a status that is none.
    #[error("expected a reply with a status from 1 to 4, found {found}")]
    UnknownStatus {
        /// The number that came.
        found: u32,
    },
    /// An OK reply announces a body that was not asked for.
    #[error("expected an OK reply with data type {expected}, found data type number {found}")]
    ReplyDataType {
        /// What the request accepted.
        expected: DataType,
        /// The number that came.
        found: u32,
    },
    /// A Trailer frame whose status is no error.
    #[error("expected a Trailer frame with a status from 2 to 4, found {found}")]
    TrailerStatus {
        /// The number that came.
        found: u32,
    },
    /// A Trailer frame that is not the final one of its message.
    #[error("expected a Trailer in one frame, found the first of several")]
    TrailerNotFinal,
    /// A JSON body that is not what the call's signature says.
    #[error("expected JSON for {expected}, found {len} bytes that are not: {problem}")]
    MalformedBody {
        /// The Rust type asked for.
        expected: &'static str,
        /// The body's length in bytes.
        len: usize,
        /// What the JSON reader says of it.
        problem: String,
    },
    /// Bytes came where the peer has no turn.
    #[error("expected nothing between calls, found {found} bytes")]
    OutOfTurn {
        /// How many bytes had come when it was noticed.
        found: usize,
    },
}

impl Violation {
    /// Whether the byte stream just ended too early, as it does when a peer is killed.
    pub fn is_truncation(&self) -> bool {
        matches!(self, Violation::Frame(FrameViolation::Truncated { .. }) | Violation::EndOfStream { .. })
    }
}
