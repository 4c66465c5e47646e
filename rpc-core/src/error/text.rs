//! The texts of errors. Each contains the text of its cause, so it is enough to print the first of
//! a chain.

use std::fmt;
use std::time::Duration;

use super::{Error, Misuse, Operation};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Remote(remote) => f.write_str(&remote.message),
            Error::Protocol { violation, .. } => write!(f, "protocol error: {violation}"),
            Error::Transport { operation, error, .. } => write!(f, "{operation}: {error}"),
            Error::Limit { what, size: Some(size), limit, .. } => {
                write!(f, "the {what} has {size} bytes, {limit} are allowed; {HINT}")
            }
            Error::Limit { what, size: None, limit, .. } => {
                write!(f, "the {what} has more than the {limit} bytes that are allowed; {HINT}")
            }
            Error::Deadline { operation, limit: Duration::ZERO, fate } => {
                let nothing_sent = if fate.never_ran { ", so nothing was sent" } else { "" };
                write!(f, "{operation}: the time limit is zero{nothing_sent}")
            }
            Error::Deadline { operation, limit, .. } => write!(f, "{operation} took longer than {limit:?}"),
            Error::Cancelled { operation, .. } => write!(f, "{operation} was cancelled"),
            Error::Source { error, .. } => write!(f, "the stream that was to be sent failed: {error}"),
            Error::Misuse(misuse) => misuse.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    /// Returns the transport's error, or that of the caller's own reader; also what the peer broke
    /// the protocol by, and a text that is not an address. Its text is part of this error's text.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Transport { error, .. } | Error::Source { error, .. } => Some(error),
            Error::Protocol { violation, .. } => Some(violation),
            Error::Misuse(Misuse::Address(error)) => Some(error),
            Error::Remote(_)
            | Error::Limit { .. }
            | Error::Deadline { .. }
            | Error::Cancelled { .. }
            | Error::Misuse(_) => None,
        }
    }
}

/// For values and for items.
const HINT: &str = "`max_json_len` sets the limit, and a stream as a whole has none";

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::Connecting => "connecting",
            Operation::Binding => "binding",
            Operation::Accepting => "accepting",
            Operation::WaitingForConnection => "waiting for a free connection",
            Operation::Sending => "sending",
            Operation::WaitingForReply => "waiting for the reply",
            Operation::ReadingRequest => "reading the request",
            Operation::ReadingStream => "reading the stream",
            Operation::Idling => "between two calls",
            Operation::Closing => "closing",
        })
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::Busy => {
                "every connection is held by a stream or a call of this thread, or of one that waits as well: finish one first"
            }
            Misuse::Closed => "the connection is closed",
            Misuse::InOnConnect => {
                "`on_connect` has called the client whose connection it prepares: call its session instead"
            }
            Misuse::Encode { problem } => return write!(f, "the request cannot be encoded: {problem}"),
            Misuse::NeedsRevision1 => {
                "the server speaks revision 0 of the protocol, which has no JSON and octets together"
            }
            Misuse::Address(error) => return error.fmt(f),
            Misuse::SharedEndpoint { problem } => problem,
            Misuse::CallIsOver => "the call that this stream belongs to is over",
        })
    }
}

impl std::error::Error for Misuse {}
