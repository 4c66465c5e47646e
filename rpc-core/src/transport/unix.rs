//! Unix sockets, and what std does not offer for sockets on Unix.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Instant;

use rustix::net::RecvFlags;

use super::patience::SocketLimit;
use super::{Control, Parts, Peer, ReadHalf, Transport, WriteHalf};

impl Transport for UnixStream {
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nonblocking(false)?;
        let peer = Peer::Unix(self.peer_addr()?.as_pathname().map(ToOwned::to_owned));
        let stream = Arc::new(self);
        Ok(Parts {
            reader: Box::new(Reader { stream: Arc::clone(&stream), limit: SocketLimit::default() }),
            writer: Box::new(Writer { stream: Arc::clone(&stream), limit: SocketLimit::default() }),
            control: Some(stream),
            peer,
        })
    }
}

/// What a socket holds, without blocking.
pub(super) fn receive_now(socket: impl AsFd, buf: &mut [u8]) -> io::Result<usize> {
    let (received, _) = rustix::net::recv(socket, buf, RecvFlags::DONTWAIT)?;
    Ok(received)
}

struct Reader {
    stream: Arc<UnixStream>,
    limit: SocketLimit,
}

struct Writer {
    stream: Arc<UnixStream>,
    limit: SocketLimit,
}

impl ReadHalf for Reader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let mut stream = &*self.stream;
        self.limit.run(until, |limit| stream.set_read_timeout(limit), || stream.read(buf))
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        receive_now(&*self.stream, buf)
    }
}

impl WriteHalf for Writer {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let mut stream = &*self.stream;
        self.limit.run(until, |limit| stream.set_write_timeout(limit), || stream.write_vectored(bufs))
    }

    fn finish(&mut self, _until: Option<Instant>) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

impl Control for UnixStream {
    fn abort(&self) {
        // it fails only where the peer has ended the connection already
        _ = self.shutdown(Shutdown::Both);
    }
}
