//! Connecting to a single place.

use std::io;
#[cfg(unix)]
use std::process::Command;
use std::time::Duration;

use crate::transport::{self, Address, CancelToken, Parts, Transport};

use super::config::ClientConfig;
use super::place::Place;

/// Connects within a time limit, which is not 0, unless the token is cancelled.
pub(super) fn connect(
    place: &Place,
    config: &ClientConfig,
    limit: Option<Duration>,
    token: Option<&CancelToken>,
) -> io::Result<Parts> {
    match (&place.address, place.at) {
        (Address::Tcp(_), Some(at)) => transport::connect_tcp(at, limit, token)?.into_parts(),
        (Address::Tcp(at), None) => transport::connect_tcp(at, limit, token)?.into_parts(),
        (Address::Tls(_), _) => Err(unsupported("it needs a client with TLS")),
        #[cfg(unix)]
        (Address::Unix(path), _) => transport::connect_unix(path, limit, token)?.into_parts(),
        #[cfg(not(unix))]
        (Address::Unix(_), _) => Err(io::ErrorKind::Unsupported.into()),
        (Address::Exec(_), _) if !config.allow_exec => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "an address may start a command only if `ClientConfig::allow_exec(true)` is set",
        )),
        #[cfg(unix)]
        (Address::Exec(line), _) => transport::child::connect(command(line), config.stdio_banner, limit, token),
        #[cfg(not(unix))]
        (Address::Exec(_), _) => Err(unsupported("commands are started on Unix only")),
        (Address::AnyOf(_), _) => Err(unsupported("there are several")),
        (Address::Other(_), _) => {
            Err(unsupported("only its own connector can connect to it: see `Client::with_connector`"))
        }
    }
}

/// Splits a command at blanks. The address has a word at least.
#[cfg(unix)]
fn command(line: &str) -> Command {
    let mut words = line.split_ascii_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

fn unsupported(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason)
}
