//! A connection inside one process: two bounded buffers. Used by tests, for calls between threads,
//! and by [`halves`].
//!
//! [`halves`]: super::halves

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::cancel::{CancelToken, Wake};
use super::{Control, Parts, Peer, PeerAddress, ReadHalf, Transport, WriteHalf, time_left};

/// Bytes that each direction holds while nobody reads.
const CAPACITY: usize = 64 * 1024;

/// One end of a connection inside one process: a [`Transport`], and also a plain blocking [`Read`]
/// and [`Write`]. Dropping it ends its writing direction, and makes writes to it fail.
#[derive(Debug)]
pub struct MemoryStream {
    incoming: PipeReader,
    pub(super) outgoing: PipeWriter,
}

/// Returns two connected ends that hold 64 KiB each way.
pub fn memory_pair() -> (MemoryStream, MemoryStream) {
    memory_pair_with_capacity(CAPACITY)
}

/// Returns two connected ends that hold `capacity` bytes each way. The protocol requires at least 8
/// KiB; less is for tests.
///
/// # Panics
/// If `capacity` is 0.
pub fn memory_pair_with_capacity(capacity: usize) -> (MemoryStream, MemoryStream) {
    assert!(capacity > 0, "a pipe must hold something");
    let pipe = || Pipe { bytes: VecDeque::new(), capacity, finished: false, deaf: false };
    let connection = Arc::new(Connection { pipes: Mutex::new([pipe(), pipe()]), changed: Condvar::new() });
    let end = |incoming: usize| {
        let half = |pipe| Half { connection: Arc::clone(&connection), pipe };
        let outgoing = PipeWriter { half: half(1 - incoming), finish_waits_for_reader: false };
        MemoryStream { incoming: PipeReader(half(incoming)), outgoing }
    };
    (end(0), end(1))
}

impl Transport for MemoryStream {
    fn into_parts(self) -> io::Result<Parts> {
        let control = Arc::new(self.incoming.0.clone());
        Ok(Parts {
            reader: Box::new(self.incoming),
            writer: Box::new(self.outgoing),
            control: Some(control),
            peer: Peer::new(PeerAddress::Memory),
        })
    }
}

impl Read for MemoryStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        ReadHalf::read(&mut self.incoming, buf, None)
    }
}

impl Write for MemoryStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        WriteHalf::write(&mut self.outgoing, &[IoSlice::new(buf)], None)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the two ends share. Both directions have one lock, so that a thread can wait for either.
#[derive(Debug)]
struct Connection {
    pipes: Mutex<[Pipe; 2]>,
    /// A pipe became readable or writable.
    changed: Condvar,
}

impl Wake for Connection {
    fn wake(&self) {
        // whoever is about to wait has the lock, and waits before this gets it
        drop(self.pipes.lock());
        self.changed.notify_all();
    }
}

type Pipes<'a> = MutexGuard<'a, [Pipe; 2]>;

/// One direction.
#[derive(Debug)]
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// No more bytes will come.
    finished: bool,
    /// Nobody reads any more.
    deaf: bool,
}

impl Pipe {
    fn readable(&self) -> bool {
        !self.bytes.is_empty() || self.finished
    }

    /// Returns whether a write would return at once, even if with an error.
    fn writable(&self) -> bool {
        self.bytes.len() < self.capacity || self.deaf || self.finished
    }
}

/// One pipe of a connection, by its index.
#[derive(Debug, Clone)]
struct Half {
    connection: Arc<Connection>,
    pipe: usize,
}

impl Half {
    fn lock(&self) -> Pipes<'_> {
        self.connection.pipes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_if(&self, ready: fn(&Pipe) -> bool) -> io::Result<Pipes<'_>> {
        let pipes = self.lock();
        if ready(&pipes[self.pipe]) { Ok(pipes) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    /// Waits until `ready` returns true for this pipe and the other, or until `until`.
    fn lock_when(&self, until: Option<Instant>, ready: impl Fn(&Pipe, &Pipe) -> bool) -> io::Result<Pipes<'_>> {
        let changed = &self.connection.changed;
        let mut pipes = self.lock();
        while !ready(&pipes[self.pipe], &pipes[1 - self.pipe]) {
            pipes = match time_left(until)? {
                None => changed.wait(pipes).unwrap_or_else(PoisonError::into_inner),
                Some(left) => changed.wait_timeout(pipes, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        Ok(pipes)
    }

    /// Waits as [`lock_when`](Half::lock_when) does, or until `token` is cancelled.
    fn wait_cancellable(
        &self,
        until: Option<Instant>,
        token: &CancelToken,
        ready: fn(&Pipe, &Pipe) -> bool,
    ) -> io::Result<()> {
        let _registered = token.register(Arc::clone(&self.connection) as Arc<dyn Wake>);
        self.lock_when(until, |own, other| token.is_cancelled() || ready(own, other)).map(drop)
    }

    fn change(&self, change: impl FnOnce(&mut Pipe)) {
        change(&mut self.lock()[self.pipe]);
        self.connection.changed.notify_all();
    }

    fn take(&self, mut pipes: Pipes<'_>, buf: &mut [u8]) -> io::Result<usize> {
        let pipe = &mut pipes[self.pipe];
        let was_full = !pipe.writable();
        let taken = pipe.bytes.read(buf)?;
        drop(pipes);
        // otherwise nobody waits for room, and waking nobody is still a system call
        if was_full {
            self.connection.changed.notify_all();
        }
        Ok(taken)
    }

    fn put(&self, mut pipes: Pipes<'_>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let pipe = &mut pipes[self.pipe];
        if pipe.deaf || pipe.finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let before = pipe.bytes.len();
        for buf in bufs {
            let room = pipe.capacity - pipe.bytes.len();
            pipe.bytes.extend(&buf[..buf.len().min(room)]);
        }
        let written = pipe.bytes.len() - before;
        drop(pipes);
        // otherwise nobody waits for bytes
        if before == 0 {
            self.connection.changed.notify_all();
        }
        Ok(written)
    }
}

#[derive(Debug)]
pub(super) struct PipeReader(Half);

impl ReadHalf for PipeReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.0.take(self.0.lock_when(until, |pipe, _| pipe.readable())?, buf)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.take(self.0.lock_if(Pipe::readable)?, buf)
    }

    fn can_await(&self, _token: &CancelToken) -> bool {
        true
    }

    fn await_bytes(&mut self, _announced: usize, until: Option<Instant>, token: &CancelToken) -> io::Result<()> {
        self.0.wait_cancellable(until, token, |pipe, _| pipe.readable())
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.0.change(|pipe| pipe.deaf = true);
    }
}

#[derive(Debug)]
pub(super) struct PipeWriter {
    half: Half,
    /// Whether [`finish`](WriteHalf::finish) waits until the reader is gone.
    pub(super) finish_waits_for_reader: bool,
}

impl WriteHalf for PipeWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.half.put(self.half.lock_when(until, |pipe, _| pipe.writable())?, bufs)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.half.put(self.half.lock_if(Pipe::writable)?, bufs)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.half.change(|pipe| pipe.finished = true);
        if self.finish_waits_for_reader { self.half.lock_when(until, |pipe, _| pipe.deaf).map(drop) } else { Ok(()) }
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.half.change(|pipe| pipe.finished = true);
    }
}

/// Of the connection's end that reads this pipe.
impl Control for Half {
    fn abort(&self) {
        for pipe in &mut *self.lock() {
            (pipe.finished, pipe.deaf) = (true, true);
        }
        self.connection.changed.notify_all();
    }

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        self.lock_when(until, |incoming, outgoing| incoming.readable() || outgoing.writable()).map(drop)
    }

    fn can_wait(&self) -> bool {
        true
    }

    fn wait_cancellable(&self, until: Option<Instant>, token: &CancelToken) -> io::Result<()> {
        Half::wait_cancellable(self, until, token, |incoming, outgoing| incoming.readable() || outgoing.writable())
    }

    fn can_wait_cancellable(&self) -> bool {
        true
    }
}
