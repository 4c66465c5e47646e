//! How a call ended.

use std::fmt;
use std::time::Duration;

use crate::error::ErrorKind;
use crate::message::Status;
use crate::transport::Peer;

use super::Side;

/// How a call ended, as an [`Observer`](super::Observer) is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallReport<'a> {
    /// Which side reports.
    pub side: Side,
    /// The name of the service. On a client: of the trait whose generated client made the call.
    pub service: Option<&'a str>,
    /// The endpoint that was called. On a server `_OTHER` ([`CallReport::OTHER`]) stands for all
    /// that no contract lists, because otherwise a peer could choose any number of names.
    pub endpoint: &'a str,
    /// The other end; `None` if the call did not get a connection.
    pub peer: Option<&'a Peer>,
    /// The status of the reply; `None` if there was none.
    pub status: Option<Status>,
    /// What failed, besides what the status says: on a client the kind of the error that the caller
    /// got, [`ErrorKind::Remote`] included; on a server a panic of the handler, the source of a
    /// stream, or the connection. An item of a stream that does not fit its type, or that is cut,
    /// is no error of the call.
    pub error: Option<ErrorKind>,
    /// The bytes that this side sent for the call, headers and frames included. If a client has
    /// repeated it on a new connection, both attempts count; that it first asked which revision the
    /// server speaks does not.
    pub sent: u64,
    /// The bytes that it received.
    pub received: u64,
    /// The time until the handler's first result: until the reply began. `None` if there was none.
    pub first_result: Option<Duration>,
    /// The time in all: on a server from the request's header, on a client from the beginning of
    /// the call, to the end of the reply.
    pub elapsed: Duration,
    /// How the call's streams ended; `None` if it had none.
    pub stream: Option<StreamEnd>,
    /// How often a client has made the call again on another connection; `docs/fail-over.md` says
    /// when it does.
    pub repeated: u32,
}

impl CallReport<'_> {
    /// The endpoint of calls that no contract lists.
    pub const OTHER: &'static str = "_OTHER";
}

/// How the streams of a call ended. If it had two, this is the worse end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamEnd {
    /// Everything was transferred.
    Completed,
    /// The receiving side did not want the rest, or did not read up to the end.
    Cancelled,
    /// The source failed, or the connection did.
    Broke,
}

impl StreamEnd {
    /// Returns a short name, as a label of metrics: `"completed"`, `"cancelled"` or `"broke"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            StreamEnd::Completed => "completed",
            StreamEnd::Cancelled => "cancelled",
            StreamEnd::Broke => "broke",
        }
    }
}

impl fmt::Display for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
