//! What can be wrong with a message.

use std::error::Error;
use std::{fmt, io};

use crate::frame::{FrameError, FrameKind, FrameViolation};

use super::{DataType, Status};

/// Why a message could not be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum MessageError {
    /// The byte stream below failed.
    Io(io::Error),
    /// The peer sent what the protocol does not allow here.
    Violation(Violation),
    /// The peer ended a body early, and says why. The body is over, and the connection is in step.
    Trailer(Box<TrailerError>),
    /// The peer gave up the connection with a Reset frame.
    Reset,
    /// A message is longer than allowed. Its rest has not been read.
    TooLong {
        /// What was being read.
        what: &'static str,
        /// The most bytes that it may have.
        limit: u64,
    },
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MessageError::Io(error) => error.fmt(f),
            MessageError::Violation(violation) => violation.fmt(f),
            MessageError::Trailer(trailer) => trailer.fmt(f),
            MessageError::Reset => f.write_str("the peer reset the connection"),
            MessageError::TooLong { what, limit } => write!(f, "the {what} has more than {limit} bytes"),
        }
    }
}

/// Each prints its cause, so none of them has a source.
impl Error for MessageError {}

impl From<io::Error> for MessageError {
    fn from(error: io::Error) -> MessageError {
        MessageError::Io(error)
    }
}

impl From<Violation> for MessageError {
    fn from(violation: Violation) -> MessageError {
        MessageError::Violation(violation)
    }
}

impl From<FrameError> for MessageError {
    fn from(error: FrameError) -> MessageError {
        match error {
            FrameError::Io(error) => MessageError::Io(error),
            FrameError::Malformed(violation) => MessageError::Violation(violation.into()),
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

/// Why the sender of a body ended it early, as its Trailer frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrailerError {
    /// Who is at fault.
    pub status: Status,
    /// Text for people.
    pub message: String,
    /// The error as JSON, if it came with the text.
    pub details: Option<Box<str>>,
}

impl fmt::Display for TrailerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for TrailerError {}

/// How the peer broke the protocol: what was expected and what came.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The bytes are not a frame.
    Frame(FrameViolation),
    /// A frame of the wrong type.
    UnexpectedFrame {
        /// The type that the protocol requires here.
        expected: FrameKind,
        /// The type that came.
        found: FrameKind,
    },
    /// The byte stream ended at a frame border, but inside a message or before a required one.
    EndOfStream {
        /// What should have come.
        expected: &'static str,
    },
    /// A header message over the limit.
    HeaderTooLong {
        /// The most bytes that a header may have.
        limit: usize,
    },
    /// A header message that is not a header object.
    MalformedHeader {
        /// Its length in bytes.
        len: usize,
        /// The JSON reader's error.
        problem: String,
    },
    /// A header that does not parse and has exactly the size at which original senders cut it.
    HeaderCut {
        /// Its length in bytes.
        len: usize,
    },
    /// A reply with an unknown status.
    UnknownStatus {
        /// The number that came.
        found: u32,
    },
    /// An OK reply that announces a body the request did not ask for.
    ReplyDataType {
        /// What the request accepted.
        expected: DataType,
        /// The number that came.
        found: u32,
    },
    /// An OK reply which says that its request was not run.
    OkNotRun,
    /// A Trailer frame whose status is not an error.
    TrailerStatus {
        /// The number that came.
        found: u32,
    },
    /// A Trailer frame that is not the final one of its message.
    TrailerNotFinal,
    /// A JSON body that does not fit the call's signature.
    MalformedBody(Box<MalformedBody>),
    /// A stream of values that ends inside an item.
    UnfinishedItem {
        /// Which item of which stream.
        item: String,
        /// How many bytes of it came.
        found: usize,
    },
    /// Bytes arrived when the peer has no turn.
    OutOfTurn {
        /// How many bytes had arrived when it was noticed.
        found: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(violation) => violation.fmt(f),
            Self::UnexpectedFrame { expected, found } => {
                write!(f, "expected a {expected} frame, found a {found} frame")
            }
            Self::EndOfStream { expected } => {
                write!(f, "the peer hung up: expected {expected}, found the end of the byte stream")
            }
            Self::HeaderTooLong { limit } => write!(f, "expected a header of at most {limit} bytes, found more"),
            Self::MalformedHeader { len, problem } => {
                write!(f, "expected a header object, found {len} bytes that are not one: {problem}")
            }
            Self::HeaderCut { len } => {
                write!(f, "expected a header object, found one that its sender cut after {len} bytes")
            }
            Self::UnknownStatus { found } => write!(f, "expected a reply with a status from 1 to 4, found {found}"),
            Self::ReplyDataType { expected, found } => {
                write!(f, "expected an OK reply with data type {expected}, found data type number {found}")
            }
            Self::OkNotRun => {
                f.write_str("expected an error from a server that has not run the request, found an OK reply")
            }
            Self::TrailerStatus { found } => {
                write!(f, "expected a Trailer frame with a status from 2 to 4, found {found}")
            }
            Self::TrailerNotFinal => f.write_str("expected a Trailer in one frame, found the first of several"),
            Self::MalformedBody(body) => body.fmt(f),
            Self::UnfinishedItem { item, found } => {
                write!(f, "{item} is cut: expected a line break, found the end of the stream after {found} bytes")
            }
            Self::OutOfTurn { found } => write!(f, "expected nothing between calls, found {found} bytes"),
        }
    }
}

impl Error for Violation {}

impl From<FrameViolation> for Violation {
    fn from(violation: FrameViolation) -> Violation {
        Violation::Frame(violation)
    }
}

impl Violation {
    /// Returns whether the byte stream ended too early, as it does when a peer is killed.
    pub fn is_truncation(&self) -> bool {
        matches!(self, Violation::Frame(FrameViolation::Truncated { .. }) | Violation::EndOfStream { .. })
    }

    /// Names the JSON of a malformed body, which this layer does not know.
    pub(crate) fn of(mut self, name: impl Into<String>) -> Violation {
        if let Violation::MalformedBody(body) = &mut self {
            body.what = name.into();
        }
        self
    }
}

/// How a JSON body does not fit the call's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MalformedBody {
    /// What the JSON is: the reply of which endpoint.
    pub what: String,
    /// The Rust type that was expected.
    pub expected: &'static str,
    /// The start of the JSON that came.
    pub found: String,
    /// The JSON reader's error.
    pub problem: String,
}

impl fmt::Display for MalformedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MalformedBody { what, expected, found, problem } = self;
        write!(f, "{what} does not fit {}, found {found}: {problem}", without_paths(expected))
    }
}

/// Returns the name of a type as people write it: `Option<u32>` for `core::option::Option<u32>`.
fn without_paths(name: &str) -> String {
    let is_of_path = |letter: char| letter.is_alphanumeric() || "_:#".contains(letter);
    let parts = name.split_inclusive(|letter| !is_of_path(letter));
    parts.map(|part| part.rsplit_once("::").map_or(part, |(_, last)| last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_people_write_them() {
        for (name, expected) in [
            ("u32", "u32"),
            ("alloc::vec::Vec<(core::option::Option<u32>, my_crate::r#mod::Entry_1)>", "Vec<(Option<u32>, Entry_1)>"),
            ("[core::net::IpAddr; 4]", "[IpAddr; 4]"),
        ] {
            assert_eq!(without_paths(name), expected);
        }
    }
}
