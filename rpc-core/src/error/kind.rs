//! The kinds of errors, as labels.

use std::fmt;

use super::Error;

/// What kind an [`Error`] is: its variant, for metrics and for `match`es that need no details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// [`Error::Remote`].
    Remote,
    /// [`Error::Protocol`].
    Protocol,
    /// [`Error::Transport`].
    Transport,
    /// [`Error::Limit`].
    Limit,
    /// [`Error::Deadline`].
    Deadline,
    /// [`Error::Cancelled`].
    Cancelled,
    /// [`Error::Source`].
    Source,
    /// [`Error::Misuse`].
    Misuse,
    /// A handler panicked. No [`Error`] has this kind, because a caller gets
    /// [`Status::ServerError`](crate::Status::ServerError); a server's
    /// [`Observer`](crate::Observer) is told.
    Panic,
}

impl ErrorKind {
    /// Returns a short name, as a label of metrics: `"remote"`, `"protocol"` and so on.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Remote => "remote",
            ErrorKind::Protocol => "protocol",
            ErrorKind::Transport => "transport",
            ErrorKind::Limit => "limit",
            ErrorKind::Deadline => "deadline",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Source => "source",
            ErrorKind::Misuse => "misuse",
            ErrorKind::Panic => "panic",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error {
    /// Returns what kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Remote(_) => ErrorKind::Remote,
            Error::Protocol { .. } => ErrorKind::Protocol,
            Error::Transport { .. } => ErrorKind::Transport,
            Error::Limit { .. } => ErrorKind::Limit,
            Error::Deadline { .. } => ErrorKind::Deadline,
            Error::Cancelled { .. } => ErrorKind::Cancelled,
            Error::Source { .. } => ErrorKind::Source,
            Error::Misuse(_) => ErrorKind::Misuse,
        }
    }
}
