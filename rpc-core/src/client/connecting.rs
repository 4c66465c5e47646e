//! Connecting to a single address.

use std::io;
use std::time::Duration;

use crate::transport::{self, Address, CancelToken, Parts, Transport};

use super::config::ClientConfig;

/// Connects within a time limit, which is not 0, unless the token is cancelled.
pub(super) fn connect(
    address: &Address,
    config: &ClientConfig,
    limit: Option<Duration>,
    token: Option<&CancelToken>,
) -> io::Result<Parts> {
    _ = config;
    match address {
        Address::Tcp(place) => transport::connect_tcp(place, limit, token)?.into_parts(),
        Address::Tls(_) => Err(unsupported("it needs a client with TLS")),
        #[cfg(unix)]
        Address::Unix(path) => transport::connect_unix(path, limit, token)?.into_parts(),
        #[cfg(not(unix))]
        Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        Address::Exec(_) => Err(unsupported("commands are not allowed")),
        Address::AnyOf(_) => Err(unsupported("there are several")),
        Address::Other(_) => Err(unsupported("only its own connector can connect to it: see `Client::with_connector`")),
    }
}

fn unsupported(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason)
}
