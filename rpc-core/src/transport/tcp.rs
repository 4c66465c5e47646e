//! TCP, with no delay set: small messages leave at once.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::patience::SocketLimit;
use super::{Control, Parts, Peer, ReadHalf, Transport, WriteHalf};

impl Transport for TcpStream {
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nodelay(true)?;
        self.set_nonblocking(false)?;
        let peer = Peer::Tcp(self.peer_addr()?);
        let stream = Arc::new(self);
        Ok(Parts {
            reader: Box::new(Reader { stream: Arc::clone(&stream), limit: SocketLimit::default() }),
            writer: Box::new(Writer { stream: Arc::clone(&stream), limit: SocketLimit::default() }),
            control: Some(stream),
            peer,
        })
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

struct Reader {
    stream: Arc<TcpStream>,
    limit: SocketLimit,
}

struct Writer {
    stream: Arc<TcpStream>,
    limit: SocketLimit,
}

impl ReadHalf for Reader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let mut stream = &*self.stream;
        self.limit.run(until, |limit| stream.set_read_timeout(limit), || stream.read(buf))
    }

    #[cfg(unix)]
    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        super::unix::receive_now(&*self.stream, buf)
    }
}

impl WriteHalf for Writer {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let mut stream = &*self.stream;
        self.limit.run(until, |limit| stream.set_write_timeout(limit), || stream.write_vectored(bufs))
    }

    #[cfg(unix)]
    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        super::unix::send_now(&*self.stream, bufs)
    }

    fn finish(&mut self, _until: Option<Instant>) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

impl Control for TcpStream {
    fn abort(&self) {
        // it fails only where the peer has ended the connection already
        _ = self.shutdown(Shutdown::Both);
    }

    #[cfg(unix)]
    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        super::unix::wait_for_either(self, until)
    }

    fn can_wait(&self) -> bool {
        cfg!(unix)
    }
}
