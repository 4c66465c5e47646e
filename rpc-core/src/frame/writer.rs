//! Writes frames: checks limits first, then writes header and payload in one vectored write.

use std::io::{self, IoSlice, Write};

use super::{FrameError, FrameHeader, FrameKind};

/// Bytes that the queue always has room for. Frames that fit together into it are copied there and
/// leave as one slice, which is less work for the system than to gather three.
const ROOM: usize = 4 * 1024;

/// Writes frames to any byte stream.
///
/// Small frames can be queued, so that a message's header and body leave in one write. Nothing is
/// flushed on drop: what is still queued is lost. After a write has failed nothing more is written:
/// part of its frame may have been sent, and whatever came next would be taken for the rest of it.
pub struct FrameWriter<W> {
    sink: W,
    queued: Vec<u8>,
    accepted: u64,
    /// A write has failed, maybe inside a frame.
    broken: bool,
}

impl<W> FrameWriter<W> {
    /// Returns a writer that begins with a frame.
    pub fn new(sink: W) -> FrameWriter<W> {
        FrameWriter { sink, queued: Vec::new(), accepted: 0, broken: false }
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
        self.queued.extend_from_slice(&header.encode());
        self.queued.extend_from_slice(payload);
        Ok(())
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
                let moved = unless_interrupted(|| payload(sink))?;
                *accepted += moved as u64;
                left = left.checked_sub(moved).expect("no more is moved than was announced");
            }
            Ok(())
        })
    }

    /// Sends what is queued.
    ///
    /// # Errors
    /// Those of the byte stream, which cannot be used afterwards.
    pub fn flush(&mut self) -> Result<(), FrameError> {
        self.send(&[], &[])
    }

    /// Sends as much of what is queued as `write`, which does not block, takes at once. Returns
    /// whether that is all of it.
    ///
    /// # Errors
    /// Those of the byte stream, which cannot be used afterwards.
    pub(crate) fn try_flush(&mut self, write: impl FnOnce(&mut W, &[u8]) -> io::Result<usize>) -> io::Result<bool> {
        let mut queued = std::mem::take(&mut self.queued);
        if !queued.is_empty() || self.broken {
            let taken = self.try_write(&queued, write)?;
            queued.drain(..taken);
        }
        self.queued = queued;
        Ok(self.queued.is_empty())
    }

    /// Sends as much of these bytes, which are frames, as `write` takes at once, and returns how
    /// many: 0 if it would block.
    ///
    /// # Errors
    /// Those of the byte stream, which cannot be used afterwards, unless the error is
    /// `Unsupported`.
    pub(crate) fn try_write(
        &mut self,
        bytes: &[u8],
        write: impl FnOnce(&mut W, &[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.broken {
            return Err(failed_before());
        }
        // until it returns: what a write that panicked has sent is unknown
        self.broken = true;
        let taken = match write(&mut self.sink, bytes) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
            outcome => outcome,
        };
        self.broken = taken.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Unsupported);
        self.accepted += *taken.as_ref().unwrap_or(&0) as u64;
        taken
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

    /// Writes what is queued, and more, unless a write has failed before.
    fn attempt(&mut self, write: impl FnOnce(&mut W, &mut u64, &[u8]) -> io::Result<()>) -> Result<(), FrameError> {
        if self.broken {
            return Err(failed_before().into());
        }
        // until it returns: what a write that panicked has sent is unknown
        self.broken = true;
        let outcome = write(&mut self.sink, &mut self.accepted, &self.queued);
        self.queued.clear();
        self.broken = outcome.is_err();
        Ok(outcome?)
    }
}

fn failed_before() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "a write has failed before")
}

fn write_all(
    accepted: &mut u64,
    mut slices: &mut [IoSlice<'_>],
    mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
) -> io::Result<()> {
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        let taken = unless_interrupted(|| write(slices))?;
        *accepted += taken as u64;
        IoSlice::advance_slices(&mut slices, taken);
    }
    Ok(())
}

/// Repeats a write that a signal interrupts. A byte stream that takes nothing has failed.
fn unless_interrupted(mut write: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match write() {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
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

    #[test]
    fn what_is_queued_leaves_as_the_byte_stream_takes_it() {
        let mut writer = FrameWriter::new(Vec::new());
        writer.queue(FrameKind::Header, true, b"{}").unwrap();
        let take = |count: usize| {
            move |sink: &mut Vec<u8>, queued: &[u8]| {
                sink.extend_from_slice(&queued[..count]);
                Ok(count)
            }
        };
        assert!(!writer.try_flush(take(3)).unwrap());
        assert!(!writer.try_flush(|_, _| Err(io::ErrorKind::WouldBlock.into())).unwrap());
        writer.queue(FrameKind::Data, true, b"1").unwrap();
        assert!(!writer.try_flush(take(6)).unwrap());
        writer.write(FrameKind::Reset, true, &[]).unwrap();
        let expected = [1, 1, 2, 0, 0, 0, b'{', b'}', 2, 1, 1, 0, 0, 0, b'1', 0xff, 1, 0, 0, 0, 0];
        assert_eq!(writer.get_ref()[..], expected);
        assert_eq!((writer.accepted(), writer.queued()), (21, 0));
        assert!(writer.try_flush(|_, _| panic!("there is nothing to send")).unwrap());
    }

    #[test]
    fn an_attempt_that_failed_is_the_last() {
        for failure in [Ok(0), Err(io::ErrorKind::BrokenPipe.into())] {
            let mut writer = FrameWriter::new(Vec::new());
            writer.queue(FrameKind::Header, true, b"{}").unwrap();
            assert!(writer.try_flush(|_, _| failure).is_err());
            assert!(writer.try_flush(|_, queued| Ok(queued.len())).is_err() && writer.flush().is_err());
            assert!(writer.get_ref().is_empty());
        }
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
