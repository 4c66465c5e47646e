//! Writes frames: checks limits first, then writes header and payload in one vectored write.

use std::io::{self, IoSlice, Write};

use super::{FRAME_HEADER_LEN, FrameError, FrameHeader, FrameKind};

/// Bytes that the queue always has room for. Frames that fit together into it are copied there and
/// leave as one slice, which is less work for the system than to gather three.
const ROOM: usize = 4 * 1024;

/// The longest frame that is put together from items of a stream: with half as many bytes there
/// are 6 % fewer items a second over a Unix socket, with twice as many not more.
const ITEMS: usize = 32 * 1024;

/// Writes frames to any byte stream.
///
/// Small frames can be queued, so that a message's header and body leave in one write. All that is
/// written is also flushed, except on drop: what is still queued is lost. After a write has failed
/// nothing more is written: part of its frame may have been sent, and whatever came next would be
/// taken for the rest of it.
pub struct FrameWriter<W> {
    sink: W,
    queued: Vec<u8>,
    /// Where the header of the last frame in the queue is, if bytes may still be added to it.
    open: Option<usize>,
    accepted: u64,
    /// The byte stream below may have taken more than it has sent.
    leftovers: bool,
    /// How a write has failed, maybe inside a frame.
    broken: Option<io::ErrorKind>,
}

impl<W> FrameWriter<W> {
    /// Returns a writer that begins with a frame.
    pub fn new(sink: W) -> FrameWriter<W> {
        FrameWriter { sink, queued: Vec::new(), open: None, accepted: 0, leftovers: false, broken: None }
    }

    /// Returns the number of bytes that the byte stream below has taken so far, frame headers
    /// included.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Returns the number of bytes of frames so far, those that wait for the next write included.
    pub(crate) fn position(&self) -> u64 {
        self.accepted + self.queued.len() as u64
    }

    /// Returns the number of bytes that wait for the next write.
    pub fn queued(&self) -> usize {
        self.queued.len()
    }

    /// Returns whether nothing waits to be sent, neither here nor in the byte stream below.
    pub(crate) fn is_sent(&self) -> bool {
        self.queued.is_empty() && !self.leftovers
    }

    /// Fails if a write has failed before: another thread may have met that, so the error says how.
    fn check(&self) -> io::Result<()> {
        match self.broken {
            None => Ok(()),
            // the time of that write was over, not of this one
            Some(io::ErrorKind::TimedOut) => Err(io::ErrorKind::BrokenPipe.into()),
            Some(kind) => Err(kind.into()),
        }
    }

    /// Returns the byte stream below.
    pub fn get_ref(&self) -> &W {
        &self.sink
    }

    /// Returns the byte stream below. Writing to it breaks the frames.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Returns whether this many more bytes can be queued without allocating.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.queued.len() + bytes <= ROOM
    }

    /// Allocates all the room at once: a queue that grew by doubling would exceed it, and be freed
    /// each time.
    fn make_room(&mut self) {
        if self.queued.capacity() == 0 {
            self.queued.reserve_exact(ROOM);
        }
    }

    /// Frees the memory that large frames took, if nothing is queued.
    pub(crate) fn trim(&mut self) {
        if self.queued.is_empty() && self.queued.capacity() > ROOM {
            self.queued = Vec::new();
        }
    }

    /// Copies a frame to the queue. The next [`write`](FrameWriter::write) or
    /// [`flush`](FrameWriter::flush) sends it.
    ///
    /// # Errors
    /// [`TooLong`](super::FrameViolation::TooLong), before anything is copied.
    pub fn queue(&mut self, kind: FrameKind, last: bool, payload: &[u8]) -> Result<(), FrameError> {
        let header = FrameHeader::new(kind, last, payload.len())?;
        self.make_room();
        self.open = None;
        self.queued.extend_from_slice(&header.encode());
        self.queued.extend_from_slice(payload);
        Ok(())
    }

    /// Adds bytes of a body to the last frame in the queue, or in a new one. Returns `false` if
    /// there is no room for them.
    pub(crate) fn extend(&mut self, payload: &[u8]) -> bool {
        if self.queued.len() + payload.len() > ITEMS {
            return false;
        }
        self.make_room();
        let begin = *self.open.get_or_insert(self.queued.len());
        let len = self.queued.len().saturating_sub(begin + FRAME_HEADER_LEN) + payload.len();
        let Ok(header) = FrameHeader::new(FrameKind::Data, false, len) else { return false };
        self.queued.resize(self.queued.len().max(begin + FRAME_HEADER_LEN), 0);
        self.queued[begin..][..FRAME_HEADER_LEN].copy_from_slice(&header.encode());
        self.queued.extend_from_slice(payload);
        true
    }
}

impl<W: Write> FrameWriter<W> {
    /// Sends what is queued and then this frame, in one vectored write if the byte stream takes it
    /// at once.
    ///
    /// # Errors
    /// [`TooLong`](super::FrameViolation::TooLong), before anything is written; an error of the
    /// byte stream, which cannot be used afterwards.
    pub fn write(&mut self, kind: FrameKind, last: bool, payload: &[u8]) -> Result<(), FrameError> {
        let header = FrameHeader::new(kind, last, payload.len())?.encode();
        self.send(&header, payload)
    }

    /// Sends what is queued, and then a frame whose payload of `len` bytes comes from elsewhere.
    ///
    /// `head` writes what precedes the payload, as [`Write::write_vectored`] does. Then `payload`
    /// is called until the payload is complete; each time it moves bytes to the byte stream and
    /// returns how many.
    ///
    /// # Errors
    /// [`TooLong`](super::FrameViolation::TooLong), before anything is written; an error of either
    /// function, after which the byte stream cannot be used.
    ///
    /// # Panics
    /// If `payload` returns more than is left.
    pub fn write_by(
        &mut self,
        (kind, last, len): (FrameKind, bool, usize),
        mut head: impl FnMut(&mut W, &[IoSlice<'_>]) -> io::Result<usize>,
        mut payload: impl FnMut(&mut W) -> io::Result<usize>,
    ) -> Result<(), FrameError> {
        let header = FrameHeader::new(kind, last, len)?.encode();
        self.attempt(|sink, accepted, queued| {
            let slices = &mut [IoSlice::new(queued), IoSlice::new(&header)];
            write_all(accepted, slices, |slices| head(sink, slices))?;
            let mut left = len;
            while left > 0 {
                let moved = unless_interrupted(|| at_least_one(payload(sink)))?;
                *accepted += moved as u64;
                left = left.checked_sub(moved).expect("no more is moved than was announced");
            }
            Ok(())
        })
    }

    /// Sends what is queued, and flushes the byte stream.
    ///
    /// # Errors
    /// Those of the byte stream, which cannot be used afterwards.
    pub fn flush(&mut self) -> Result<(), FrameError> {
        self.send(&[], &[])
    }

    fn send(&mut self, header: &[u8], payload: &[u8]) -> Result<(), FrameError> {
        if self.queued.len() + header.len() + payload.len() <= ROOM {
            self.make_room();
            self.queued.extend_from_slice(header);
            self.queued.extend_from_slice(payload);
            return self.attempt(|sink, accepted, queued| {
                write_all(accepted, &mut [IoSlice::new(queued)], |slices| sink.write_vectored(slices))
            });
        }
        self.attempt(|sink, accepted, queued| {
            let slices = &mut [IoSlice::new(queued), IoSlice::new(header), IoSlice::new(payload)];
            write_all(accepted, slices, |slices| sink.write_vectored(slices))
        })
    }

    /// Writes what is queued, and more, and flushes all that, unless a write has failed before.
    fn attempt(&mut self, write: impl FnOnce(&mut W, &mut u64, &[u8]) -> io::Result<()>) -> Result<(), FrameError> {
        self.check()?;
        self.open = None;
        // until it returns: what a write that panicked has sent is unknown
        self.broken = Some(io::ErrorKind::BrokenPipe);
        let written = write(&mut self.sink, &mut self.accepted, &self.queued);
        let outcome = written.and_then(|()| unless_interrupted(|| self.sink.flush()));
        self.queued.clear();
        self.leftovers = false;
        self.broken = outcome.as_ref().err().map(io::Error::kind);
        Ok(outcome?)
    }
}

/// A byte stream that can be written to without blocking.
pub(crate) trait TryWrite {
    /// Takes what the stream can take at once.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Sends as much as possible at once of what was taken. Returns whether that is all of it.
    fn try_flush(&mut self) -> io::Result<bool>;
}

/// The bound is on each method, because the type is public and the trait is not.
impl<W> FrameWriter<W> {
    /// Sends as much of what is queued as is possible without blocking. Returns whether all of it
    /// has left.
    ///
    /// # Errors
    /// Those of the byte stream, which cannot be used afterwards, unless the error is
    /// `Unsupported`: then all still waits.
    pub(crate) fn try_flush(&mut self) -> io::Result<bool>
    where
        W: TryWrite,
    {
        self.open = None;
        let mut queued = std::mem::take(&mut self.queued);
        let taken = if queued.is_empty() { Ok(0) } else { self.try_write(&queued) };
        // after a failure, nothing waits any more
        if self.broken.is_none() {
            queued.drain(..*taken.as_ref().unwrap_or(&0));
            self.queued = queued;
        }
        taken?;
        if self.queued.is_empty() {
            self.leftovers = !self.attempt_now(TryWrite::try_flush)?;
        }
        Ok(self.is_sent())
    }

    /// Gives as many of these bytes, which are frames, to the byte stream as it takes at once, and
    /// returns how many: 0 if it would block. They may not have left yet.
    ///
    /// # Errors
    /// Those of the byte stream, which cannot be used afterwards, unless the error is
    /// `Unsupported`.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize>
    where
        W: TryWrite,
    {
        let taken = self.attempt_now(|sink| at_least_one(sink.try_write(bytes)))?;
        self.accepted += taken as u64;
        self.leftovers |= taken > 0;
        Ok(taken)
    }

    /// Attempts to send without blocking, unless a write has failed before. Returns the default if
    /// that would block.
    fn attempt_now<T: Default>(&mut self, attempt: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        self.check()?;
        // until it returns: what a write that panicked has sent is unknown
        self.broken = Some(io::ErrorKind::BrokenPipe);
        let outcome = match attempt(&mut self.sink) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(T::default())
            }
            outcome => outcome,
        };
        let failed = outcome.as_ref().err().map(io::Error::kind);
        self.broken = failed.filter(|kind| *kind != io::ErrorKind::Unsupported);
        // after a failure, nothing waits any more
        self.leftovers &= self.broken.is_none();
        outcome
    }
}

fn write_all(
    accepted: &mut u64,
    mut slices: &mut [IoSlice<'_>],
    mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
) -> io::Result<()> {
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        let taken = unless_interrupted(|| at_least_one(write(slices)))?;
        *accepted += taken as u64;
        IoSlice::advance_slices(&mut slices, taken);
    }
    Ok(())
}

/// Repeats an operation that a signal interrupts.
fn unless_interrupted<T>(mut operate: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match operate() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Makes a write that took nothing an error: such a byte stream has failed.
fn at_least_one(taken: io::Result<usize>) -> io::Result<usize> {
    match taken {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        outcome => outcome,
    }
}

impl<W> std::fmt::Debug for FrameWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameWriter")
            .field("queued", &self.queued.len())
            .field("accepted", &self.accepted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::MAX_PAYLOAD_LEN;
    use std::collections::VecDeque;

    struct Counting(Vec<u8>, usize);

    impl Write for Counting {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(buf)])
        }
        fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
            self.1 += 1;
            bufs.iter().for_each(|buf| self.0.extend_from_slice(buf));
            Ok(bufs.iter().map(|buf| buf.len()).sum())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn queued_frames_and_the_next_leave_in_one_write() {
        let mut writer = FrameWriter::new(Counting(Vec::new(), 0));
        writer.queue(FrameKind::Header, true, b"{}").unwrap();
        writer.write(FrameKind::Data, true, b"1").unwrap();
        assert_eq!(writer.get_ref().1, 1);
        assert_eq!(writer.get_ref().0, [1, 1, 2, 0, 0, 0, b'{', b'}', 2, 1, 1, 0, 0, 0, b'1']);
        assert_eq!(writer.accepted(), 15);
    }

    #[test]
    fn the_limit_is_checked_before_anything_is_written() {
        let mut writer = FrameWriter::new(Vec::new());
        let payload = vec![0; MAX_PAYLOAD_LEN as usize + 1];
        assert!(matches!(writer.write(FrameKind::Data, true, &payload), Err(FrameError::Malformed(_))));
        assert!(matches!(writer.queue(FrameKind::Data, true, &payload), Err(FrameError::Malformed(_))));
        assert_eq!((writer.get_ref().len(), writer.queued()), (0, 0));
    }

    #[test]
    fn nothing_is_written_behind_a_write_that_failed() {
        // a Reset frame became the rest of a payload that had stalled, and the peer took it for the
        // value
        struct Stalling(Vec<u8>, usize);
        impl Write for Stalling {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.1 += 1;
                if self.1 == 2 {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                let taken = &buf[..buf.len().min(7)];
                self.0.extend_from_slice(taken);
                Ok(taken.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = FrameWriter::new(Stalling(Vec::new(), 0));
        assert!(writer.write(FrameKind::Data, true, b"abcdefg").is_err());
        let before = writer.get_ref().0.len();
        assert!(writer.write(FrameKind::Reset, true, &[]).is_err() && writer.flush().is_err());
        assert_eq!(writer.get_ref().0.len(), before);
    }

    /// A byte stream that takes as much at each try as the test says, and sends it only when it is
    /// flushed.
    #[derive(Default)]
    struct Records {
        takes: VecDeque<io::Result<usize>>,
        kept: Vec<u8>,
        /// How many tries to flush send nothing.
        clogged: usize,
        sent: Vec<u8>,
    }

    impl Write for Records {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.kept.extend_from_slice(buf);
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.sent.append(&mut self.kept);
            Ok(())
        }
    }

    impl TryWrite for Records {
        fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = self.takes.pop_front().expect("a try that the test expects")?;
            self.write(&bytes[..taken])
        }
        fn try_flush(&mut self) -> io::Result<bool> {
            if self.clogged > 0 {
                self.clogged -= 1;
                return Ok(false);
            }
            self.flush().map(|()| true)
        }
    }

    fn records(takes: impl IntoIterator<Item = io::Result<usize>>) -> FrameWriter<Records> {
        let mut writer = FrameWriter::new(Records { takes: takes.into_iter().collect(), ..Records::default() });
        writer.queue(FrameKind::Header, true, b"{}").unwrap();
        writer
    }

    #[test]
    fn what_is_queued_leaves_as_the_byte_stream_takes_it() {
        let mut writer = records([Ok(3), Err(io::ErrorKind::WouldBlock.into()), Ok(6)]);
        assert!(!writer.try_flush().unwrap());
        assert!(!writer.try_flush().unwrap());
        writer.queue(FrameKind::Data, true, b"1").unwrap();
        assert!(!writer.try_flush().unwrap());
        writer.write(FrameKind::Reset, true, &[]).unwrap();
        let expected = [1, 1, 2, 0, 0, 0, b'{', b'}', 2, 1, 1, 0, 0, 0, b'1', 0xff, 1, 0, 0, 0, 0];
        assert_eq!(writer.get_ref().sent, expected);
        assert_eq!((writer.accepted(), writer.queued()), (21, 0));
        assert!(writer.try_flush().unwrap() && writer.is_sent());
    }

    #[test]
    fn what_the_byte_stream_has_taken_and_not_sent_is_not_sent() {
        let mut writer = records([Ok(8)]);
        writer.get_mut().clogged = 2;
        assert!(!writer.try_flush().unwrap() && !writer.is_sent());
        assert_eq!((writer.accepted(), writer.queued(), writer.get_ref().sent.len()), (8, 0, 0));
        assert!(!writer.try_flush().unwrap() && !writer.is_sent());
        assert!(writer.try_flush().unwrap() && writer.is_sent());
        assert_eq!(writer.get_ref().sent.len(), 8);
    }

    #[test]
    fn what_is_written_is_flushed() {
        let mut writer = records([Ok(8)]);
        writer.get_mut().clogged = 1;
        assert!(!writer.try_flush().unwrap());
        writer.flush().unwrap();
        assert!(writer.is_sent() && writer.get_ref().sent.len() == 8);
        writer.write(FrameKind::Data, true, b"1").unwrap();
        assert!(writer.is_sent() && writer.get_ref().sent.len() == 15);
    }

    #[test]
    fn an_attempt_that_failed_is_the_last() {
        for failure in [Ok(0), Err(io::ErrorKind::BrokenPipe.into())] {
            let mut writer = records([failure, Ok(8)]);
            assert!(writer.try_flush().is_err());
            assert!(writer.is_sent(), "nothing waits any more");
            assert!(writer.try_flush().is_err() && writer.flush().is_err());
            assert!(writer.get_ref().sent.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_tried_still_waits() {
        let mut writer = records([Err(io::ErrorKind::Unsupported.into())]);
        assert!(writer.try_flush().is_err() && !writer.is_sent());
        writer.write(FrameKind::Data, true, b"1").unwrap();
        assert_eq!(writer.get_ref().sent.len(), 15);
    }

    #[test]
    fn short_writes_go_on() {
        struct OneByte(Vec<u8>);
        impl Write for OneByte {
            fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
                self.0.extend_from_slice(&buf[..buf.len().min(1)]);
                Ok(buf.len().min(1))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = FrameWriter::new(OneByte(Vec::new()));
        writer.write(FrameKind::Data, false, b"ab").unwrap();
        assert_eq!(writer.get_ref().0, [2, 0, 2, 0, 0, 0, b'a', b'b']);
    }
}
