//! A connection inside one process: two bounded buffers. For tests, for calls between threads, and under [`halves`].
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

/// One end of a connection inside one process. It is a [`Transport`], and a plain blocking [`Read`] and [`Write`] as well.
/// Dropping it ends its writing direction, and makes writes to it fail.
#[derive(Debug)]
pub struct MemoryStream {
    incoming: PipeReader,
    outgoing: PipeWriter,
}

/// Two connected ends that hold 64 KiB each way.
pub fn memory_pair() -> (MemoryStream, MemoryStream) {
    memory_pair_with_capacity(CAPACITY)
}

/// Two connected ends that hold `capacity` bytes each way. The protocol asks for 8 KiB at least; less is for tests.
///
/// # Panics
/// If `capacity` is 0.
pub fn memory_pair_with_capacity(capacity: usize) -> (MemoryStream, MemoryStream) {
    let bell = Arc::<Bell>::default();
    let (a_writer, b_reader) = pipe(capacity, &bell);
    let (b_writer, a_reader) = pipe(capacity, &bell);
    (MemoryStream { incoming: a_reader, outgoing: a_writer }, MemoryStream { incoming: b_reader, outgoing: b_writer })
}

impl Transport for MemoryStream {
    fn into_parts(self) -> io::Result<Parts> {
        let control = control(&self.incoming, &self.outgoing);
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
struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
    bell: Arc<Bell>,
}

/// Wakes those that wait for one of several pipes.
#[derive(Debug, Default)]
pub(super) struct Bell {
    waiting: AtomicUsize,
    lock: Mutex<()>,
    rung: Condvar,
}

impl Bell {
    /// Something has changed. It costs a look where nobody waits.
    fn ring(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // under the lock, or whoever waits might just have looked
            let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.rung.notify_all();
        }
    }

    /// Waits until `ready` holds, but not beyond `until`.
    fn wait(&self, until: Option<Instant>, ready: impl Fn() -> bool) -> io::Result<()> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let outcome =
            wait_for(&self.rung, self.lock.lock().unwrap_or_else(PoisonError::into_inner), until, |()| ready());
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        outcome.map(drop)
    }
}

/// Waits on a condition until `ready` holds, but not beyond `until`.
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

/// What `Pipe::state` protects.
#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// No more bytes will come.
    finished: bool,
    /// Nobody reads any more.
    deaf: bool,
}

#[derive(Debug)]
pub(super) struct PipeReader(Arc<Pipe>);

#[derive(Debug)]
pub(super) struct PipeWriter(Arc<Pipe>);

pub(super) struct PipeControl {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
}

pub(super) fn pipe(capacity: usize, bell: &Arc<Bell>) -> (PipeWriter, PipeReader) {
    assert!(capacity > 0, "a pipe must hold something");
    let pipe = Arc::new(Pipe { state: Mutex::default(), changed: Condvar::new(), capacity, bell: Arc::clone(bell) });
    (PipeWriter(Arc::clone(&pipe)), PipeReader(pipe))
}

pub(super) fn control(reader: &PipeReader, writer: &PipeWriter) -> PipeControl {
    PipeControl { incoming: Arc::clone(&reader.0), outgoing: Arc::clone(&writer.0) }
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `ready` holds, but not beyond `until`.
    fn wait(&self, until: Option<Instant>, ready: impl Fn(&State) -> bool) -> io::Result<MutexGuard<'_, State>> {
        wait_for(&self.changed, self.lock(), until, ready)
    }

    fn tell(&self) {
        self.changed.notify_all();
        self.bell.ring();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.tell();
    }

    fn take(&self, mut state: MutexGuard<'_, State>, buf: &mut [u8]) -> io::Result<usize> {
        let taken = state.bytes.read(buf)?;
        drop(state);
        self.tell();
        Ok(taken)
    }
}

impl Pipe {
    fn put(&self, mut state: MutexGuard<'_, State>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if state.deaf || state.finished {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = self.capacity - state.bytes.len();
        let mut written = 0;
        for buf in bufs {
            let part = &buf[..buf.len().min(room - written)];
            state.bytes.extend(part);
            written += part.len();
        }
        drop(state);
        self.tell();
        Ok(written)
    }
}

impl State {
    fn readable(&self) -> bool {
        !self.bytes.is_empty() || self.finished
    }

    /// Whether a write would return at once, be it with an error.
    fn writable(&self, capacity: usize) -> bool {
        self.bytes.len() < capacity || self.deaf || self.finished
    }
}

impl PipeWriter {
    /// Waits until the reader is gone.
    pub(super) fn wait_for_reader(&self, until: Option<Instant>) -> io::Result<()> {
        self.0.wait(until, |state| state.deaf).map(drop)
    }
}

impl ReadHalf for PipeReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let state = self.0.wait(until, State::readable)?;
        self.0.take(state, buf)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let state = self.0.lock();
        if !state.readable() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.take(state, buf)
    }
}

impl WriteHalf for PipeWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let capacity = self.0.capacity;
        let state = self.0.wait(until, |state| state.writable(capacity))?;
        self.0.put(state, bufs)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let state = self.0.lock();
        if !state.writable(self.0.capacity) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.put(state, bufs)
    }

    fn finish(&mut self, _until: Option<Instant>) -> io::Result<()> {
        self.0.change(|state| state.finished = true);
        Ok(())
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.0.change(|state| state.deaf = true);
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.0.change(|state| state.finished = true);
    }
}

impl Control for PipeControl {
    fn abort(&self) {
        for pipe in [&self.incoming, &self.outgoing] {
            pipe.change(|state| (state.finished, state.deaf) = (true, true));
        }
    }

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        self.incoming
            .bell
            .wait(until, || self.incoming.lock().readable() || self.outgoing.lock().writable(self.outgoing.capacity))
    }

    fn can_wait(&self) -> bool {
        true
    }
}
