//! TCP sockets with no more than std offers, for platforms other than Unix: they read and write
//! within time limits that the system keeps, and look ahead.
//!
//! Ending such a socket does not wake a thread that waits for it, so a read looks now and then.
//! What a write has done when its limit passes is unknown, so it is not repeated.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::clock::time_left;
use super::timeout::SocketLimit;
use super::{CancelToken, Control, Parts, Peer, ReadHalf, WriteHalf};

/// How long a read waits before it checks whether the connection was aborted. Each thread that
/// waits for a request pays for that.
const TICK: Duration = Duration::from_millis(500);

/// The shortest time limit that a socket can have.
const LEAST: Duration = Duration::from_millis(1);

/// Connects before `until`. Nothing in std waits for a token as well.
pub(super) fn connect(
    address: &SocketAddr,
    until: Option<Instant>,
    _token: Option<&CancelToken>,
) -> io::Result<TcpStream> {
    match time_left(until)? {
        Some(left) => TcpStream::connect_timeout(address, left),
        None => TcpStream::connect(address),
    }
}

/// Takes a socket apart.
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
pub(super) fn parts(socket: TcpStream, peer: Peer) -> io::Result<Parts> {
    let shared = Arc::new(PlainSocket { socket, aborted: AtomicBool::new(false) });
    Ok(Parts {
        reader: Box::new(PlainReader { shared: Arc::clone(&shared), limit: SocketLimit::default() }),
        writer: Box::new(PlainWriter { shared: Arc::clone(&shared), limit: None, late: false }),
        control: Some(shared),
        peer,
    })
}

struct PlainSocket {
    socket: TcpStream,
    aborted: AtomicBool,
}

struct PlainReader {
    shared: Arc<PlainSocket>,
    limit: SocketLimit,
}

impl PlainReader {
    fn run(
        &mut self,
        until: Option<Instant>,
        mut read: impl FnMut(&mut &TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let PlainSocket { socket, aborted } = &*self.shared;
        loop {
            let tick = Instant::now() + TICK;
            let moment = until.map_or(tick, |until| until.min(tick));
            let outcome = self.limit.run(Some(moment), |limit| socket.set_read_timeout(limit), || read(&mut &*socket));
            if aborted.load(Ordering::SeqCst) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::TimedOut && until != Some(moment) => {}
                outcome => return outcome,
            }
        }
    }
}

impl ReadHalf for PlainReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.run(until, |socket| socket.read(buf))
    }

    /// A write that another thread begins meanwhile does not block either; it is then repeated.
    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut socket = &self.shared.socket;
        socket.set_nonblocking(true)?;
        let outcome = socket.read(buf);
        socket.set_nonblocking(false)?;
        outcome
    }

    fn read_announced(&mut self, bufs: &mut [IoSliceMut<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.run(until, |socket| socket.read_vectored(bufs))
    }
}

struct PlainWriter {
    shared: Arc<PlainSocket>,
    /// The time limit that the system keeps at present.
    limit: Option<Duration>,
    /// A write has reached its limit, and what it has done is unknown.
    late: bool,
}

impl PlainWriter {
    /// Makes a write give up soon after `until`, and never before.
    fn limit(&mut self, until: Option<Instant>) -> io::Result<()> {
        let wanted = time_left(until)?.map(|left| left + LEAST);
        let is_near = match (self.limit, wanted) {
            (Some(limit), Some(wanted)) => limit >= wanted && limit - wanted <= LEAST,
            (limit, wanted) => limit == wanted,
        };
        if !is_near {
            self.shared.socket.set_write_timeout(wanted)?;
            self.limit = wanted;
        }
        Ok(())
    }
}

impl WriteHalf for PlainWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        if self.late {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.limit(until)?;
        let mut socket = &self.shared.socket;
        loop {
            match socket.write_vectored(bufs) {
                // the reader was looking ahead at that moment, and nothing was written
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                // all of it may be on its way, so it counts as written: otherwise a request that
                // runs would be reported as safe to repeat
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    self.late = true;
                    return Ok(bufs.iter().map(|buf| buf.len()).sum());
                }
                outcome => return outcome,
            }
        }
    }

    fn finish(&mut self, _until: Option<Instant>) -> io::Result<()> {
        self.shared.socket.shutdown(Shutdown::Write)
    }
}

impl Control for PlainSocket {
    fn abort(&self) {
        self.aborted.store(true, Ordering::SeqCst);
        // it fails only if the peer has already ended the connection
        _ = self.socket.shutdown(Shutdown::Both);
    }
}
