//! The words of errors. Each prints its cause once, so none of them names a source.

use std::fmt;

use super::{Doing, Error, Misuse};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Remote(remote) => f.write_str(&remote.message),
            Error::Protocol { violation, .. } => write!(f, "protocol error: {violation}"),
            Error::Transport { doing, error, .. } => write!(f, "{doing}: {error}"),
            Error::Limit { what, size: Some(size), limit, .. } => {
                write!(f, "the {what} has {size} bytes, {limit} are allowed; {HINT}")
            }
            Error::Limit { what, size: None, limit, .. } => {
                write!(f, "the {what} has more than the {limit} bytes that are allowed; {HINT}")
            }
            Error::Deadline { doing, limit, .. } => write!(f, "{doing} took longer than {limit:?}"),
            Error::Source { error, .. } => write!(f, "reading what was to be sent: {error}"),
            Error::Misuse(misuse) => misuse.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

const HINT: &str = "a stream (`impl Read`) has no limit";

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doing::Connecting => "connecting",
            Doing::Binding => "binding",
            Doing::Accepting => "accepting",
            Doing::WaitingForConnection => "waiting for a free connection",
            Doing::Sending => "sending",
            Doing::WaitingForReply => "waiting for the reply",
            Doing::ReadingRequest => "reading the request",
            Doing::ReadingStream => "reading the stream",
            Doing::Idling => "waiting for the next request",
            Doing::Closing => "closing",
        })
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::Busy => {
                "every connection is held by a stream that this thread has not finished: read it to its end or drop it"
            }
            Misuse::Closed => "the connection is closed",
            Misuse::Encode { problem } => return write!(f, "the request cannot be encoded: {problem}"),
            Misuse::NeedsRevision1 => {
                "the peer speaks revision 0 of the protocol, which has no JSON and octets together"
            }
            Misuse::Address(error) => return error.fmt(f),
            Misuse::CallIsOver => "the call that this stream belongs to is over",
        })
    }
}

impl std::error::Error for Misuse {}
