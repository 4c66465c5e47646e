//! TCP, with no delay set, so that small messages leave at once.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::clock::time_left;
use super::{CancelToken, Parts, Peer, PeerAddress, Transport, socket};

impl Transport for TcpStream {
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nodelay(true)?;
        self.set_nonblocking(false)?;
        let peer = Peer::new(PeerAddress::Tcp(self.peer_addr()?));
        socket::parts(self, peer)
    }
}

/// Connects to the first of a name's addresses that answers, within one limit for all of them, or
/// until `token` is cancelled. Nothing ends the lookup of the name.
pub(crate) fn connect(
    place: impl ToSocketAddrs,
    limit: Option<Duration>,
    token: Option<&CancelToken>,
) -> io::Result<TcpStream> {
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in place.to_socket_addrs()? {
        time_left(until)?;
        match socket::connect(&address, until, token) {
            Ok(stream) => return Ok(stream),
            Err(error) if token.is_some_and(CancelToken::is_cancelled) => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}
