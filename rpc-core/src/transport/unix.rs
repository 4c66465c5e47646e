//! Unix sockets, and what std does not offer for sockets on Unix.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, SocketAddrUnix};

use super::kernel::flags::{self, MORE, NO_SIGNAL};
use super::socket::{self, Immediate, Socket};
use super::{KernelPipe, Parts, Peer, Transport};

impl Transport for UnixStream {
    fn into_parts(self) -> io::Result<Parts> {
        self.set_nonblocking(false)?;
        let peer = Peer::Unix(self.peer_addr()?.as_pathname().map(ToOwned::to_owned));
        socket::parts(self, peer)
    }
}

impl Socket for UnixStream {
    fn limit_reads(&self, limit: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(limit)
    }

    fn limit_writes(&self, limit: Option<Duration>) -> io::Result<()> {
        self.set_write_timeout(limit)
    }

    fn end(&self, directions: Shutdown) -> io::Result<()> {
        self.shutdown(directions)
    }
}

/// Connects to a socket. Where its listen queue is full, waits for as long as the limit says.
pub(crate) fn connect(path: &Path, limit: Option<Duration>) -> io::Result<UnixStream> {
    let socket = flags::unix_socket()?;
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

impl<S: AsFd> Immediate for S {
    fn silence(&self) -> io::Result<()> {
        flags::silence(self)
    }

    fn receive_now(&self, buf: &mut [u8]) -> io::Result<usize> {
        let (received, _) = rustix::net::recv(self, buf, RecvFlags::DONTWAIT)?;
        Ok(received)
    }

    fn send_now(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = SendFlags::DONTWAIT | NO_SIGNAL;
        flags::at_once(self, || {
            if let [one] = bufs {
                return Ok(rustix::net::send(self, one, flags)?);
            }
            Ok(rustix::net::sendmsg(self, bufs, &mut SendAncillaryBuffer::default(), flags)?)
        })
    }

    fn send(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(rustix::net::sendmsg(self, bufs, &mut SendAncillaryBuffer::default(), NO_SIGNAL)?)
    }

    fn send_more(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(rustix::net::sendmsg(self, bufs, &mut SendAncillaryBuffer::default(), MORE | NO_SIGNAL)?)
    }

    fn fill_pipe(&self, pipe: &mut KernelPipe, len: usize) -> io::Result<usize> {
        pipe.fill(self, len)
    }

    fn drain_pipe(&self, pipe: &mut KernelPipe) -> io::Result<usize> {
        pipe.drain(self)
    }

    fn wait_for_either(&self, until: Option<Instant>) -> io::Result<()> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left.min(LONGEST)).ok());
            let mut waiting = [PollFd::new(self, PollFlags::IN | PollFlags::OUT)];
            match poll(&mut waiting, timeout.as_ref()) {
                Ok(0) if left.is_some_and(|left| left > LONGEST) => {}
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// As long as any system can wait at once: some count milliseconds, up to 24 days, and refuse more.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
