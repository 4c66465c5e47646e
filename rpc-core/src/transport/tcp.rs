//! TCP, with no delay set: small messages leave at once.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::socket;
#[cfg(unix)]
use super::socket::Socket;
use super::{Parts, Peer, Transport};

impl Transport for TcpStream {
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nodelay(true)?;
        self.set_nonblocking(false)?;
        let peer = Peer::Tcp(self.peer_addr()?);
        socket::parts(self, peer)
    }
}

#[cfg(unix)]
impl Socket for TcpStream {
    fn limit_reads(&self, limit: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(limit)
    }

    fn limit_writes(&self, limit: Option<Duration>) -> io::Result<()> {
        self.set_write_timeout(limit)
    }

    fn end(&self, directions: std::net::Shutdown) -> io::Result<()> {
        self.shutdown(directions)
    }

    fn wait_for(&self, bytes: usize) -> io::Result<bool> {
        super::kernel::set_low_water(self, bytes)
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
