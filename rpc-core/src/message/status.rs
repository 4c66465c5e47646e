//! How a call went, as a reply's header says.

use std::fmt;

/// The status of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The call succeeded, 1.
    Ok = 1,
    /// The caller is at fault, 2: unknown endpoint, wrong data type, a body that cannot be decoded.
    RequestError = 2,
    /// The server is at fault, 3: the reply cannot be encoded, or the handler panicked.
    ServerError = 3,
    /// The handler returned an error, 4.
    Error = 4,
}

impl Status {
    /// Returns the number on the wire.
    pub const fn to_wire(self) -> u32 {
        self as u32
    }

    /// Returns the status with this number on the wire, or `None` if there is none. 0 means that
    /// none was set, which no reply may say.
    pub const fn from_wire(number: u32) -> Option<Status> {
        match number {
            1 => Some(Status::Ok),
            2 => Some(Status::RequestError),
            3 => Some(Status::ServerError),
            4 => Some(Status::Error),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Ok => "OK",
            Status::RequestError => "RequestError",
            Status::ServerError => "ServerError",
            Status::Error => "Error",
        })
    }
}
