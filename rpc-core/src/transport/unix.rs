//! Unix sockets, and what std does not offer for sockets on Unix.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags, SocketAddrUnix, SocketFlags, SocketType};

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

/// Connects to a socket. Where its listen queue is full, waits for as long as the limit says.
pub(crate) fn connect(path: &Path, limit: Option<Duration>) -> io::Result<UnixStream> {
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    // connecting obeys the limit for sending
    set_socket_timeout(&socket, Timeout::Send, limit)?;
    let connected = rustix::net::connect(&socket, &SocketAddrUnix::new(path)?);
    set_socket_timeout(&socket, Timeout::Send, None)?;
    match connected {
        Ok(()) => Ok(UnixStream::from(socket)),
        Err(Errno::AGAIN) => Err(io::ErrorKind::TimedOut.into()),
        Err(error) => Err(error.into()),
    }
}

/// What a socket holds, without blocking.
pub(super) fn receive_now(socket: impl AsFd, buf: &mut [u8]) -> io::Result<usize> {
    let (received, _) = rustix::net::recv(socket, buf, RecvFlags::DONTWAIT)?;
    Ok(received)
}

/// What a socket takes, without blocking.
pub(super) fn send_now(socket: impl AsFd, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    Ok(rustix::net::sendmsg(socket, bufs, &mut SendAncillaryBuffer::default(), flags)?)
}

/// Waits until a socket can be read from or written to.
pub(super) fn wait_for_either(socket: impl AsFd, until: Option<Instant>) -> io::Result<()> {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec::try_from(left).unwrap_or(LONGEST));
        let mut waiting = [PollFd::new(&socket, PollFlags::IN | PollFlags::OUT)];
        match poll(&mut waiting, timeout.as_ref()) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Longer than any limit that means something.
const LONGEST: Timespec = Timespec { tv_sec: 1 << 40, tv_nsec: 0 };

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

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        send_now(&*self.stream, bufs)
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

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        wait_for_either(self, until)
    }

    fn can_wait(&self) -> bool {
        true
    }
}
