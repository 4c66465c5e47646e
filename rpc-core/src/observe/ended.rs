//! How a connection ended without a failure.

use std::fmt;

/// How a connection ended without a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// The client closed the connection, with the Close handshake.
    Closed,
    /// The other side disconnected between two calls.
    HungUp,
    /// The other side sent a Reset frame between two calls.
    Reset,
    /// No request came within the idle timeout of the server.
    Idle,
    /// The server shut down.
    ShutDown,
    /// The server closed the connection to make room for another one, because it was idle and no
    /// more connections were allowed.
    MadeRoom,
    /// This side closed the connection although it was in order: because the rest of a request or a
    /// reply was too much to read, the request's data type was unknown, the handler of a session
    /// panicked, or the server had refused to serve it.
    GivenUp,
}

impl Ended {
    /// Returns a short name, as a label of metrics: `"closed"`, `"hung_up"` and so on.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ended::Closed => "closed",
            Ended::HungUp => "hung_up",
            Ended::Reset => "reset",
            Ended::Idle => "idle",
            Ended::ShutDown => "shut_down",
            Ended::MadeRoom => "made_room",
            Ended::GivenUp => "given_up",
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
