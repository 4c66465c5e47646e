//! Everything that can go wrong, sorted by who must act.

mod classify;
mod text;

use std::io;
use std::time::Duration;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::message::{MAX_DETAILS_LEN, Status, TrailerError, Violation};
use crate::transport::AddressError;

pub(crate) use classify::source_trailer;

/// The result of most functions here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call, a server or a connection failed. The variants are sorted by who must act.
///
/// Two questions matter after a failure, and each error answers both: may the call be repeated safely
/// ([`never_ran`](Error::never_ran)), and can the connection be used again
/// ([`connection_usable`](Error::connection_usable))?
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The other side said no: its handler failed, or it refused the request. The connection stays usable, but where
    /// an original peer has to be feared to be out of step. Also what a handler is about to say: [`Error::new`] makes one, and
    /// so does `?` of an [`io::Error`] that is not a stream's.
    Remote(RemoteError),
    /// The peer broke the protocol, or sent a value that does not fit the signature.
    Protocol {
        /// What was expected and what came.
        violation: Violation,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// The transport failed, or the peer is gone.
    Transport {
        /// What was being done.
        operation: Operation,
        /// The transport's error.
        error: io::Error,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// Something is larger than allowed.
    Limit {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes; `None` where no more is known than that it is over the limit.
        size: Option<u64>,
        /// The most bytes that it may have.
        limit: u64,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// A time limit passed.
    Deadline {
        /// What took too long.
        operation: Operation,
        /// The limit.
        limit: Duration,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// The reader that was to be sent failed. It is the caller's own, and so is the error.
    Source {
        /// The reader's error.
        error: io::Error,
        /// What it means for the call and the connection.
        fate: Fate,
    },
    /// The caller asked for what cannot be.
    Misuse(Misuse),
}

/// How the other side said no.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteError {
    /// Who is at fault, as the other side sees it. Never [`Status::Ok`].
    pub status: Status,
    /// Its text for people. It may end in `…` where it did not fit.
    pub message: String,
    /// The handler's error as JSON, if it was one that serde can write, and took at most 2 KiB.
    pub details: Option<Box<str>>,
    /// What it means for the call and the connection.
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
    /// Whether the request certainly never ran, so that repeating it is safe.
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

/// What was being done when something failed or took too long.
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
    /// Waiting for the next request.
    Idling,
    /// Closing a connection.
    Closing,
}

/// What a caller asked for and cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// All connections that may be open are held by streams of this very thread, so waiting would never end.
    Busy,
    /// The connection has ended, and nothing can open another.
    Closed,
    /// A request that cannot be encoded as JSON, or its endpoint's name is too long.
    Encode {
        /// What is wrong with it.
        problem: String,
    },
    /// JSON and octets together, towards a peer that speaks revision 0 of the protocol. Nothing was sent.
    NeedsRevision1,
    /// A text that is no address.
    Address(AddressError),
    /// A stream was read after the call that it belongs to was over.
    CallIsOver,
}

impl Error {
    /// An error to be returned by a handler, with this text for people.
    pub fn new(message: impl Into<String>) -> Error {
        Error::said_no(message.into(), None)
    }

    /// An error to be returned by a handler, or by the stream that it returned, with a value that the caller can get back
    /// by [`details`](Error::details). A value that takes more than 2 KiB as JSON, or that serde cannot write, does not
    /// travel; the text does.
    pub fn with_details(message: impl Into<String>, details: &impl Serialize) -> Error {
        let json = serde_json::to_string(details).ok().filter(|json| json.len() <= MAX_DETAILS_LEN);
        Error::said_no(message.into(), json.map(String::into_boxed_str))
    }

    fn said_no(message: String, details: Option<Box<str>>) -> Error {
        Error::Remote(TrailerError { status: Status::Error, message, details }.into())
    }

    /// The value that the other side's error carries, if it is an `E`: the handler's own error, where it is one that serde
    /// can write. For a stream's error, `Error::from(io_error).details::<E>()`.
    pub fn details<E: DeserializeOwned>(&self) -> Option<E> {
        serde_json::from_str(self.remote()?.details.as_deref()?).ok()
    }

    /// Whether the request certainly never ran, so that repeating it is safe: nothing of it was written; or it was not written
    /// to its end and is no stream, whose handler begins before; or the server closed the connection saying that it would not
    /// run it. A refusal by a reply ([`Error::Remote`]) counts as `false`, for its cause will be there again.
    pub fn never_ran(&self) -> bool {
        self.fate().never_ran
    }

    /// Whether the connection is in step and goes on. Otherwise it is closed; a [`Client`](crate::Client) opens
    /// another for its next call, a [`Session`](crate::Session) has ended.
    pub fn connection_usable(&self) -> bool {
        self.fate().connection_usable
    }

    /// The other side's answer, if it said no.
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
            | Error::Source { fate, .. } => *fate,
            Error::Misuse(Misuse::Closed) => Fate::UNREACHED,
            // whoever reads a request has been called
            Error::Misuse(Misuse::CallIsOver) => Fate::IN_STEP,
            Error::Misuse(_) => Fate::UNTOUCHED,
        }
    }

    /// Whether a call failed for its connection had ended before it, so that no handler can have met it.
    pub(crate) fn was_lost(&self) -> bool {
        matches!(self, Error::Transport { fate: Fate::UNREACHED, .. })
    }

    /// The same error with another fate, where it has room for one.
    pub(crate) fn with_fate(mut self, new: Fate) -> Error {
        match &mut self {
            Error::Remote(RemoteError { fate, .. })
            | Error::Protocol { fate, .. }
            | Error::Transport { fate, .. }
            | Error::Limit { fate, .. }
            | Error::Deadline { fate, .. }
            | Error::Source { fate, .. } => *fate = new,
            Error::Misuse(_) => {}
        }
        self
    }
}
