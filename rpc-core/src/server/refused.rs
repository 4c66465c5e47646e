//! What a server's factory returns for a connection: a service, or why there is none.

use std::fmt;

use crate::error::Result;

use super::dispatch::Dispatch;

/// Why a server refuses a connection: what a factory of [`Server::serve_with`] and
/// [`Server::spawn_with`] returns in place of a service.
///
/// The text is for people, and the client gets it: its call fails with
/// [`Error::Remote`](crate::Error::Remote), and [never ran](crate::Error::never_ran). At most 4 KiB
/// of it are sent.
///
/// ```
/// use rpc_core::{Peer, PeerAddress, Refused};
///
/// fn admit(peer: &Peer) -> Result<(), Refused> {
///     match peer.tcp_address() {
///         Some(address) if !address.ip().is_loopback() => Err(Refused::new(format!("{peer} may not call"))),
///         _ => Ok(()),
///     }
/// }
///
/// let stranger = Peer::new(PeerAddress::Tcp("192.0.2.1:99".parse()?));
/// assert_eq!(admit(&stranger).unwrap_err().to_string(), "tcp://192.0.2.1:99 may not call");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Server::serve_with`]: crate::Server::serve_with
/// [`Server::spawn_with`]: crate::Server::spawn_with
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    reason: String,
}

impl Refused {
    /// Refuses for this reason.
    pub fn new(reason: impl Into<String>) -> Refused {
        Refused { reason: reason.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refused {}

impl From<&str> for Refused {
    fn from(reason: &str) -> Refused {
        Refused::new(reason)
    }
}

impl From<String> for Refused {
    fn from(reason: String) -> Refused {
        Refused::new(reason)
    }
}

/// What a server's factory may return for a connection: a service, or a `Result` of one, whose
/// error refuses the peer. See [`Server::spawn_with`](crate::Server::spawn_with).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a server can serve a connection with",
    label = "neither a service nor a `Result` of a service and `Refused`",
    note = "wrap a handler in the `<Trait>Server` that `#[rpc_service]` generates; to refuse a peer, return a `Result` \
            whose error is `rpc_core::Refused`"
)]
pub trait IntoService {
    /// The service.
    type Service: Dispatch;

    /// Returns the service.
    ///
    /// # Errors
    /// Why the peer is refused.
    fn into_service(self) -> Result<Self::Service, Refused>;
}

// of a type that is neither, the compiler would say only that it is no `Dispatch`
#[diagnostic::do_not_recommend]
impl<D: Dispatch> IntoService for D {
    type Service = D;

    fn into_service(self) -> Result<D, Refused> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<D: Dispatch> IntoService for Result<D, Refused> {
    type Service = D;

    fn into_service(self) -> Result<D, Refused> {
        self
    }
}
