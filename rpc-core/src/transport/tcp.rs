//! TCP, with no delay set, so that small messages leave at once.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::{Parts, Peer, PeerAddress, Transport, socket};

impl Transport for TcpStream {
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nodelay(true)?;
        self.set_nonblocking(false)?;
        let peer = Peer::new(PeerAddress::Tcp(self.peer_addr()?));
        socket::parts(self, peer)
    }
}

/// Connects to the first of a name's addresses that answers, within one limit for all of them.
pub(crate) fn connect(place: &str, limit: Option<Duration>) -> io::Result<TcpStream> {
    let Some(limit) = limit else { return TcpStream::connect(place) };
    let until = Instant::now() + limit;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in place.to_socket_addrs()? {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
