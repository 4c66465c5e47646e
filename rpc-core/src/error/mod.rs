//! Everything that can go wrong, sorted by who must act.

mod classify;
mod kind;
mod text;

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::message::{MAX_DETAILS_LEN, Status, TrailerError, Violation};
use crate::transport::{AddressError, limit_has_passed};

pub(crate) use classify::source_trailer;
pub use kind::ErrorKind;

/// The result of most functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call, a server or a connection failed. The variants are sorted by who must act.
///
/// Each error answers the two questions that matter after a failure: whether the call can be
/// repeated safely ([`never_ran`](Error::never_ran)), and whether the connection can be used again
/// ([`connection_usable`](Error::connection_usable)).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The other side said no: its handler failed, or it refused the request. The connection stays
    /// usable, unless an original peer may be out of step. If the server refused the whole
    /// connection, the connection is closed, and the request [never ran](Error::never_ran).
    ///
    /// Also what a handler returns: [`Error::new`] makes one, and so does `?` on an [`io::Error`]
    /// that is not a stream's.
    Remote(RemoteError),
    /// The peer broke the protocol, or sent a value that does not fit the signature.
    Protocol {
        /// What was expected and what came.
        violation: Violation,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// The transport failed, or the peer is gone. So it is if the system gives up a connection
    /// whose peer acknowledges nothing, although that error is of the kind
    /// [`TimedOut`](io::ErrorKind::TimedOut).
    Transport {
        /// The operation that failed.
        operation: Operation,
        /// The transport's error.
        error: io::Error,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// Something is larger than allowed.
    Limit {
        /// What is too large.
        what: Cow<'static, str>,
        /// Its size in bytes; `None` if it is only known to exceed the limit.
        size: Option<u64>,
        /// The most bytes that it may have.
        limit: u64,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// A time limit passed, or is zero, so that nothing was tried.
    Deadline {
        /// What took too long.
        operation: Operation,
        /// The limit.
        limit: Duration,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// The caller cancelled the call by its [`CancelToken`](crate::CancelToken).
    Cancelled {
        /// What the call waited for.
        operation: Operation,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// The caller's own reader, which was to be sent, failed.
    Source {
        /// The reader's error.
        error: io::Error,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// The caller asked for something impossible.
    Misuse(Misuse),
}

/// How the other side said no.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteError {
    /// Who is at fault, as the other side sees it. Never [`Status::Ok`].
    pub status: Status,
    /// Its text for people. It ends in `…` if it was cut to fit.
    pub message: String,
    /// The handler's error as JSON, if serde can write it in at most 2 KiB.
    pub details: Option<Box<str>>,
    /// What it means for the call and the connection. `never_ran` is set only if the server refused
    /// the whole connection, whose text is then the reason for that.
    pub fate: Fate,
}

impl From<TrailerError> for RemoteError {
    fn from(trailer: TrailerError) -> RemoteError {
        let TrailerError { status, message, details } = trailer;
        RemoteError { status, message, details, fate: Fate::IN_STEP }
    }
}

/// What a failure means for the call that met it and for its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fate {
    /// Whether the request certainly never ran, so that it is safe to repeat.
    pub never_ran: bool,
    /// Whether the connection is in step and goes on. Otherwise it is closed.
    pub connection_usable: bool,
}

impl Fate {
    /// The request certainly never ran, and the connection goes on.
    pub const UNTOUCHED: Fate = Fate { never_ran: true, connection_usable: true };
    /// The request may have run, and the connection is closed.
    pub const LOST: Fate = Fate { never_ran: false, connection_usable: false };
    /// The request may have run, and the connection goes on.
    pub const IN_STEP: Fate = Fate { never_ran: false, connection_usable: true };
    /// The request certainly never ran, but the connection is closed.
    pub const UNREACHED: Fate = Fate { never_ran: true, connection_usable: false };
}

/// The operation that failed or took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Opening a connection.
    Connecting,
    /// Binding a server's address.
    Binding,
    /// Accepting connections.
    Accepting,
    /// Waiting for one of the pool's connections to be free.
    WaitingForConnection,
    /// Sending a request or a reply.
    Sending,
    /// Waiting for a reply, or reading one that is not a stream.
    WaitingForReply,
    /// Reading a request.
    ReadingRequest,
    /// Reading a stream.
    ReadingStream,
    /// Being idle: a server waits for the next request, a client keeps the connection for the next
    /// call.
    Idling,
    /// Closing a connection.
    Closing,
}

/// A request of the caller that cannot be met.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// This thread's own streams hold all connections that may be open, so waiting would never end.
    Busy,
    /// The connection has ended, and nothing can open another.
    Closed,
    /// [`ClientConfig::on_connect`](crate::ClientConfig::on_connect) has called the client whose
    /// connection it prepares, which would never end. It has a session for that.
    InOnConnect,
    /// A request that cannot be encoded as JSON, or whose endpoint's name is too long.
    Encode {
        /// What is wrong with it.
        problem: String,
    },
    /// JSON and octets together, to a server that speaks revision 0 of the protocol. Nothing was
    /// sent.
    NeedsRevision1,
    /// A text that is not an address.
    Address(AddressError),
    /// A stream was read after the call that it belongs to was over.
    CallIsOver,
    /// Two services of one server have the same endpoint, so nobody can tell whose it is.
    SharedEndpoint {
        /// Which endpoint and which services.
        problem: String,
    },
}

impl Error {
    /// Makes an error for a handler to return, with this text for people.
    pub fn new(message: impl Into<String>) -> Error {
        Error::said_no(Status::Error, message.into(), None)
    }

    /// Makes an error for a handler, or the stream that it returned, to return, with a value that
    /// the caller gets back by [`details`](Error::details). A value that takes more than 2 KiB as
    /// JSON, or that serde cannot write, is left out; the text is sent.
    pub fn with_details(message: impl Into<String>, details: &impl Serialize) -> Error {
        let json = serde_json::to_string(details).ok().map(String::into_boxed_str);
        Error::said_no(Status::Error, message.into(), json)
    }

    /// Returns an error of this side, as it is sent. Details that take too much room are left out.
    pub(crate) fn said_no(status: Status, message: String, details: Option<Box<str>>) -> Error {
        let details = details.filter(|json| json.len() <= MAX_DETAILS_LEN);
        Error::Remote(TrailerError { status, message, details }.into())
    }

    /// Returns the value that the other side's error carries, if it is an `E`: the handler's own
    /// error, if serde can write it. For a stream's error, use
    /// `Error::from(io_error).details::<E>()`.
    pub fn details<E: DeserializeOwned>(&self) -> Option<E> {
        serde_json::from_str(self.remote()?.details.as_deref()?).ok()
    }

    /// Returns the value of the error of this side's own source, if it carries one and it is an
    /// `E`.
    pub(crate) fn source_details<E: DeserializeOwned>(&self) -> Option<E> {
        match self {
            Error::Source { error, .. } => error.get_ref()?.downcast_ref::<Error>()?.details(),
            _ => None,
        }
    }

    /// Returns whether the request certainly never ran, so that it is safe to repeat. It never ran
    /// if
    ///
    /// - nothing of it was written, or
    /// - it was not written to its end and is not a stream (whose handler begins before its end),
    ///   or
    /// - the server said that it would not run the request, and closed the connection: by a Reset,
    ///   or by a reply ([`Error::Remote`]) with the reason why it refuses the whole connection.
    ///
    /// Returns `false` for any other refusal by a reply, because its cause will be there again.
    ///
    /// "Never ran" is about the server. Bytes of a stream that the call was to send may have been
    /// read from it; to repeat the call, begin the stream again.
    pub fn never_ran(&self) -> bool {
        self.fate().never_ran
    }

    /// Returns whether the connection is in step and goes on. Otherwise it is closed: a
    /// [`Client`](crate::Client) opens another for its next call, a [`Session`](crate::Session) has
    /// ended.
    pub fn connection_usable(&self) -> bool {
        self.fate().connection_usable
    }

    /// Returns whether a time limit of this side ended the call, or the wait for a connection. Then
    /// it is an [`Error::Deadline`], or an [`Error::Transport`] of connecting if there is more to
    /// say: what a child process has printed that did not answer in time, for example.
    pub fn is_timeout(&self) -> bool {
        match self {
            Error::Deadline { .. } => true,
            Error::Transport { operation: Operation::Connecting, error, .. } => limit_has_passed(error),
            _ => false,
        }
    }

    /// Returns whether the caller cancelled the call by its [`CancelToken`](crate::CancelToken).
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Error::Cancelled { .. })
    }

    /// Returns the other side's answer, if it said no.
    pub fn remote(&self) -> Option<&RemoteError> {
        match self {
            Error::Remote(remote) => Some(remote),
            _ => None,
        }
    }

    pub(crate) fn fate(&self) -> Fate {
        match self {
            Error::Remote(remote) => remote.fate,
            Error::Protocol { fate, .. }
            | Error::Transport { fate, .. }
            | Error::Limit { fate, .. }
            | Error::Deadline { fate, .. }
            | Error::Cancelled { fate, .. }
            | Error::Source { fate, .. } => *fate,
            Error::Misuse(Misuse::Closed) => Fate::UNREACHED,
            // only a handler that runs reads a request
            Error::Misuse(Misuse::CallIsOver) => Fate::IN_STEP,
            Error::Misuse(_) => Fate::UNTOUCHED,
        }
    }

    /// Returns whether a call failed because its connection had ended before it, so that no handler
    /// can have received it.
    pub(crate) fn was_lost(&self) -> bool {
        matches!(self, Error::Transport { fate: Fate::UNREACHED, .. })
    }

    /// Returns the same error with another fate, if its variant has one.
    pub(crate) fn with_fate(mut self, new: Fate) -> Error {
        match &mut self {
            Error::Remote(RemoteError { fate, .. })
            | Error::Protocol { fate, .. }
            | Error::Transport { fate, .. }
            | Error::Limit { fate, .. }
            | Error::Deadline { fate, .. }
            | Error::Cancelled { fate, .. }
            | Error::Source { fate, .. } => *fate = new,
            Error::Misuse(_) => {}
        }
        self
    }
}
