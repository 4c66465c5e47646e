//! Connecting to a single place.

use std::io;
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::process::Command;
use std::time::{Duration, Instant};

use crate::transport::{self, Address, CancelToken, Parts, Transport};

use super::cancelling::Armed;
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
        (Address::Tcp(name), at) => connect_tcp(name, at, limit, token)?.into_parts(),
        (Address::Tls(name), at) => connect_tls(name, at, config, limit, token),
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

/// Connects to one of the addresses of a name, or to any.
fn connect_tcp(
    name: &str,
    at: Option<SocketAddr>,
    limit: Option<Duration>,
    token: Option<&CancelToken>,
) -> io::Result<TcpStream> {
    match at {
        Some(at) => transport::connect_tcp(at, limit, token),
        None => transport::connect_tcp(name, limit, token),
    }
}

/// Connects by TCP and secures the connection, all within the limit.
fn connect_tls(
    name: &str,
    at: Option<SocketAddr>,
    config: &ClientConfig,
    limit: Option<Duration>,
    token: Option<&CancelToken>,
) -> io::Result<Parts> {
    let security = config.tls.0.as_ref().ok_or_else(|| {
        unsupported("the client has no TLS: give `ClientConfig::tls` a connector, such as that of the crate rpc-tls")
    })?;
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    let parts = connect_tcp(name, at, limit, token)?.into_parts()?;
    // nothing else ends a handshake that waits
    let _armed = token.zip(parts.control.as_ref()).map(|(token, control)| Armed::new(token, control));
    security.secure(parts, host_of(name), until)
}

/// Returns the host of `host:port`; that of an IPv6 address without its brackets.
fn host_of(place: &str) -> &str {
    let host = place.rsplit_once(':').map_or(place, |(host, _port)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn unsupported(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, reason)
}
