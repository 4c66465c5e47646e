//! Sorts errors: from the layers below, and from and to `io::Error`.

use std::convert::Infallible;
use std::fmt::Display;
use std::io;
use std::time::Duration;

use crate::message::{MessageError, ReplyHeader, Status};
use crate::transport::{AddressError, limit_has_passed};

use super::{Error, Fate, Misuse, Operation, RemoteError};

impl Error {
    /// Returns what makes a failure of the transport an error.
    pub(crate) fn transport(operation: Operation, fate: Fate) -> impl FnOnce(io::Error) -> Error {
        move |error| Error::Transport { operation, error, fate }
    }

    /// The same failure, of another operation.
    pub(crate) fn with_operation(self, operation: Operation) -> Error {
        match self {
            Error::Transport { error, fate, .. } => Error::Transport { operation, error, fate },
            Error::Deadline { limit, fate, .. } => Error::Deadline { operation, limit, fate },
            Error::Cancelled { fate, .. } => Error::Cancelled { operation, fate },
            other => other,
        }
    }

    /// The error of a connection that has failed, and about which no more is known.
    pub(crate) fn lost(operation: Operation, kind: io::ErrorKind) -> Error {
        Error::Transport { operation, error: kind.into(), fate: Fate::LOST }
    }

    /// Sorts a failure of the message layer: a time limit (of `limit`, if there is one), a protocol
    /// error, or the transport.
    pub(crate) fn from_message(
        error: MessageError,
        operation: Operation,
        limit: Option<Duration>,
        fate: Fate,
    ) -> Error {
        if let (MessageError::Io(error), Some(limit)) = (&error, limit)
            && limit_has_passed(error)
        {
            return Error::Deadline { operation, limit, fate };
        }
        match error {
            MessageError::Violation(violation) if !violation.is_truncation() => Error::Protocol { violation, fate },
            MessageError::Trailer(trailer) => Error::Remote((*trailer).into()),
            MessageError::TooLong { what, limit } => Error::Limit { what: what.into(), size: None, limit, fate },
            broken => Error::Transport { operation, error: broken.into(), fate },
        }
    }

    /// Names the place whose connection has failed.
    pub(crate) fn of_place(self, place: &dyn Display) -> Error {
        match self {
            Error::Transport { operation, error, fate } => {
                let error = io::Error::new(error.kind(), format!("{place}: {error}"));
                Error::Transport { operation, error, fate }
            }
            other => other,
        }
    }

    /// Returns the same failure again: for a stream that is read again, or for each call that one
    /// failure concerns.
    pub(crate) fn repeated(&self) -> Error {
        match *self {
            Error::Remote(ref remote) => Error::Remote(remote.clone()),
            Error::Protocol { ref violation, fate } => Error::Protocol { violation: violation.clone(), fate },
            Error::Transport { operation, ref error, fate } => {
                Error::Transport { operation, error: repeated(error), fate }
            }
            Error::Limit { ref what, size, limit, fate } => Error::Limit { what: what.clone(), size, limit, fate },
            Error::Deadline { operation, limit, fate } => Error::Deadline { operation, limit, fate },
            Error::Cancelled { operation, fate } => Error::Cancelled { operation, fate },
            Error::Source { ref error, fate } => Error::Source { error: repeated(error), fate },
            Error::Misuse(ref misuse) => Error::Misuse(misuse.clone()),
        }
    }
}

/// Returns an error of the same kind and text.
fn repeated(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Returns the Trailer for a source that failed. If the source is a stream whose other side ended
/// it by a Trailer, that one is passed on; otherwise the error's text is.
pub(crate) fn source_trailer(error: &io::Error) -> ReplyHeader<'_> {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::Remote(RemoteError { status, message, details, .. })) => {
            let details = details.as_deref().and_then(|json| serde_json::from_str(json).ok());
            ReplyHeader::trailer(*status, message).with_details(details)
        }
        _ => ReplyHeader { error_message: error.to_string().into(), ..ReplyHeader::trailer(Status::Error, "") },
    }
}

impl From<io::Error> for Error {
    /// Unwraps the [`Error`] inside a stream's error. Any other error becomes "said no" with its
    /// text, so that `?` in a handler never looks like a broken transport.
    ///
    /// This is meant for handlers. A caller who also uses files of its own has to distinguish their
    /// errors first: `error.downcast::<rpc_core::Error>()` returns `Ok` if a stream failed, and
    /// `Err` if a file did.
    fn from(error: io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(other) => Error::new(other.to_string()),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match &error {
            Error::Protocol { .. } | Error::Limit { .. } => io::ErrorKind::InvalidData,
            Error::Transport { error, .. } | Error::Source { error, .. } => error.kind(),
            Error::Deadline { .. } => io::ErrorKind::TimedOut,
            Error::Misuse(Misuse::Closed) => io::ErrorKind::NotConnected,
            // `Interrupted` would make a reader go on
            Error::Remote(_) | Error::Misuse(_) | Error::Cancelled { .. } => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Error {
        Error::Misuse(misuse)
    }
}

impl From<AddressError> for Error {
    fn from(error: AddressError) -> Error {
        Error::Misuse(Misuse::Address(error))
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Error {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small() {
        assert!(size_of::<Error>() < 128, "{}", size_of::<Error>());
    }

    #[test]
    fn comes_back_out_of_an_io_error() {
        let error =
            Error::Deadline { operation: Operation::ReadingStream, limit: Duration::from_secs(1), fate: Fate::LOST };
        let back = Error::from(io::Error::from(error));
        assert!(matches!(back, Error::Deadline { operation: Operation::ReadingStream, .. }));
    }

    #[test]
    fn its_source_is_the_error_below_whose_text_it_contains() {
        let own = io::Error::other("the tape is worn out");
        let error = Error::Source { error: own, fate: Fate::LOST };
        let source = std::error::Error::source(&error).expect("the reader's error");
        assert!(source.downcast_ref::<io::Error>().is_some());
        assert_eq!(error.to_string(), format!("the stream that was to be sent failed: {source}"));
        assert!(std::error::Error::source(&Error::new("no")).is_none());
    }

    #[test]
    fn another_io_error_is_a_handlers_no() {
        let error = Error::from(io::Error::new(io::ErrorKind::BrokenPipe, "disk full"));
        assert_eq!(error.remote().unwrap().message, "disk full");
    }
}
