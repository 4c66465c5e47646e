//! Platforms on which nothing is known of the process at the other end of a Unix socket.

use std::io;

use crate::transport::Credentials;

/// Returns `None`.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(in crate::transport) fn of_peer<S>(_socket: &S) -> io::Result<Option<Credentials>> {
    Ok(None)
}
