//! A connection inside one process: two bounded buffers. Used by tests, for calls between threads,
//! and by [`halves`].
//!
//! [`halves`]: super::halves

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{Control, Parts, Peer, ReadHalf, Transport, WriteHalf};

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
    let changes = Arc::default();
    let (a_writer, b_reader) = pipe(capacity, &changes);
    let (b_writer, a_reader) = pipe(capacity, &changes);
    (MemoryStream { incoming: a_reader, outgoing: a_writer }, MemoryStream { incoming: b_reader, outgoing: b_writer })
}

impl Transport for MemoryStream {
    fn into_parts(self) -> io::Result<Parts> {
        let control =
            PipesControl { incoming: Arc::clone(&self.incoming.0), outgoing: Arc::clone(&self.outgoing.pipe) };
        Ok(Parts {
            reader: Box::new(self.incoming),
            writer: Box::new(self.outgoing),
            control: Some(Arc::new(control)),
            peer: Peer::Memory,
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

/// One direction.
#[derive(Debug)]
struct MemoryPipe {
    state: Mutex<PipeState>,
    changed: Condvar,
    /// Shared by the pipes of a connection, so that one thread can wait for either.
    changes: Arc<Changes>,
}

/// The state that the lock of a pipe protects.
#[derive(Debug)]
struct PipeState {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// No more bytes will come.
    finished: bool,
    /// Nobody reads any more.
    deaf: bool,
}

impl PipeState {
    fn readable(&self) -> bool {
        !self.bytes.is_empty() || self.finished
    }

    /// Returns whether a write would return at once, even if with an error.
    fn writable(&self) -> bool {
        self.bytes.len() < self.capacity || self.deaf || self.finished
    }
}

/// Wakes threads that wait for one of several pipes.
#[derive(Debug, Default)]
struct Changes {
    waiting: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Changes {
    /// Wakes the threads that wait, if any. Without any, `notify_all` would still be a system call.
    fn notify(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // under the lock, because a thread that waits might just have looked
            let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.changed.notify_all();
        }
    }

    /// Waits until `ready` returns true, or `until`.
    fn wait(&self, until: Option<Instant>, ready: impl Fn() -> bool) -> io::Result<()> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = wait_for(&self.changed, lock, until, |()| ready());
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        outcome.map(drop)
    }
}

/// Waits on a condition until `ready` returns true, or `until`.
fn wait_for<'m, T>(
    changed: &Condvar,
    mut state: MutexGuard<'m, T>,
    until: Option<Instant>,
    ready: impl Fn(&T) -> bool,
) -> io::Result<MutexGuard<'m, T>> {
    while !ready(&state) {
        state = match until {
            None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
    Ok(state)
}

fn pipe(capacity: usize, changes: &Arc<Changes>) -> (PipeWriter, PipeReader) {
    assert!(capacity > 0, "a pipe must hold something");
    let state = PipeState { bytes: VecDeque::new(), capacity, finished: false, deaf: false };
    let pipe = MemoryPipe { state: Mutex::new(state), changed: Condvar::new(), changes: Arc::clone(changes) };
    let pipe = Arc::new(pipe);
    (PipeWriter { pipe: Arc::clone(&pipe), finish_waits_for_reader: false }, PipeReader(pipe))
}

impl MemoryPipe {
    fn lock(&self) -> MutexGuard<'_, PipeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` returns true, or `until`.
    fn wait(&self, until: Option<Instant>, ready: fn(&PipeState) -> bool) -> io::Result<MutexGuard<'_, PipeState>> {
        wait_for(&self.changed, self.lock(), until, ready)
    }

    fn lock_if(&self, ready: fn(&PipeState) -> bool) -> io::Result<MutexGuard<'_, PipeState>> {
        let state = self.lock();
        if ready(&state) { Ok(state) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    fn notify(&self) {
        self.changed.notify_all();
        self.changes.notify();
    }

    fn change(&self, change: impl FnOnce(&mut PipeState)) {
        change(&mut self.lock());
        self.notify();
    }

    fn take(&self, mut state: MutexGuard<'_, PipeState>, buf: &mut [u8]) -> io::Result<usize> {
        let taken = state.bytes.read(buf)?;
        drop(state);
        self.notify();
        Ok(taken)
    }

    fn put(&self, mut state: MutexGuard<'_, PipeState>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if state.deaf || state.finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = state.capacity - state.bytes.len();
        let mut written = 0;
        for buf in bufs {
            let part = &buf[..buf.len().min(room - written)];
            state.bytes.extend(part);
            written += part.len();
        }
        drop(state);
        self.notify();
        Ok(written)
    }
}

#[derive(Debug)]
pub(super) struct PipeReader(Arc<MemoryPipe>);

impl ReadHalf for PipeReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.0.take(self.0.wait(until, PipeState::readable)?, buf)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.take(self.0.lock_if(PipeState::readable)?, buf)
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.0.change(|state| state.deaf = true);
    }
}

#[derive(Debug)]
pub(super) struct PipeWriter {
    pipe: Arc<MemoryPipe>,
    /// Whether [`finish`](WriteHalf::finish) waits until the reader is gone.
    pub(super) finish_waits_for_reader: bool,
}

impl WriteHalf for PipeWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.pipe.put(self.pipe.wait(until, PipeState::writable)?, bufs)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.pipe.put(self.pipe.lock_if(PipeState::writable)?, bufs)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.pipe.change(|state| state.finished = true);
        if self.finish_waits_for_reader { self.pipe.wait(until, |state| state.deaf).map(drop) } else { Ok(()) }
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.pipe.change(|state| state.finished = true);
    }
}

struct PipesControl {
    incoming: Arc<MemoryPipe>,
    outgoing: Arc<MemoryPipe>,
}

impl Control for PipesControl {
    fn abort(&self) {
        for pipe in [&self.incoming, &self.outgoing] {
            pipe.change(|state| (state.finished, state.deaf) = (true, true));
        }
    }

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        let ready = || self.incoming.lock().readable() || self.outgoing.lock().writable();
        self.incoming.changes.wait(until, ready)
    }

    fn can_wait(&self) -> bool {
        true
    }
}
