//! Reads frames, never past a limit, and never takes a broken stream for a clean end.

use std::io::{self, IoSliceMut, Read};

use super::{FRAME_HEADER_LEN, FrameError, FrameHeader, FramePart, FrameViolation};

/// Read-ahead of a reader, in bytes: what an idle connection keeps.
const READ_AHEAD: usize = 8 * 1024;

/// Bytes of payload from which a frame is probably followed by others like it. After such a frame
/// only the next header is read ahead, so that the next payload goes directly where it is wanted.
const BULK: u32 = 64 * 1024;

/// Reads frames from any byte stream.
///
/// Bytes read ahead stay in its own buffer of 8 KiB; payload reads that are larger bypass it. They
/// are vectored ([`Read::read_vectored`]): the first slice is the caller's, and never longer than
/// what is left of the frame; the second takes the header of the next frame. The reader can be
/// called again after an error of kind `WouldBlock` or `TimedOut`: nothing is lost.
///
/// Invariant: `start <= end <= buffer.len()`; `buffer[start..end]` has been read and not handed
/// out; the first `min(remaining, end - start)` bytes of it belong to the present frame's payload.
pub struct FrameReader<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    len: u32,
    remaining: u32,
    /// The present frame is large, and another of its message follows.
    bulk: bool,
    /// How many bytes have come from the byte stream below.
    received: u64,
}

impl<R> FrameReader<R> {
    /// Returns a reader that expects a frame next.
    pub fn new(source: R) -> FrameReader<R> {
        FrameReader {
            source,
            buffer: vec![0; READ_AHEAD].into(),
            start: 0,
            end: 0,
            len: 0,
            remaining: 0,
            bulk: false,
            received: 0,
        }
    }

    /// Returns the number of bytes of the present frame's payload that have not been handed out.
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Returns what was read ahead and not handed out: payload, and frames after it.
    pub fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Returns the number of bytes of frames that have been handed out.
    pub(crate) fn position(&self) -> u64 {
        self.received - self.buffered().len() as u64
    }

    /// Returns the byte stream below. What was read ahead is no longer in it.
    pub fn get_ref(&self) -> &R {
        &self.source
    }

    /// Returns the byte stream below. Reading from it skips bytes of the frames.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// Reads ahead once, by the caller's read function (for example one that does not block).
    /// Returns the bytes gained: 0 at the end of the byte stream, or if the buffer is full.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn read_ahead(&mut self, read: impl FnOnce(&mut R, &mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let gained = read(&mut self.source, &mut self.buffer[self.end..])?;
        self.end += gained;
        self.received += gained as u64;
        Ok(gained)
    }

    /// Returns the header of the next frame, which stays unread, if all its bytes were read ahead
    /// and the present frame has been read to its end.
    ///
    /// # Errors
    /// As [`next_frame`](FrameReader::next_frame).
    pub fn peek_frame(&self) -> Result<Option<FrameHeader>, FrameError> {
        match self.buffered().first_chunk::<FRAME_HEADER_LEN>() {
            Some(bytes) if self.remaining == 0 => Ok(Some(FrameHeader::decode(*bytes)?)),
            _ => Ok(None),
        }
    }

    fn payload_buffered(&self) -> usize {
        (self.end - self.start).min(self.remaining as usize)
    }

    /// Marks `count` bytes of the payload as read.
    ///
    /// # Panics
    /// If `count` is more than the last [`fill_payload`](FrameReader::fill_payload) showed.
    pub fn consume_payload(&mut self, count: usize) {
        assert!(count <= self.payload_buffered(), "more bytes consumed than were shown");
        self.start += count;
        self.took(count);
    }

    #[expect(clippy::cast_possible_truncation, reason = "count is at most remaining, a u32")]
    fn took(&mut self, count: usize) {
        self.remaining -= count as u32;
    }

    fn cut_in_payload(&self) -> FrameError {
        let found = self.len - self.remaining;
        FrameViolation::Truncated { part: FramePart::Payload, expected: self.len, found }.into()
    }
}

impl<R: Read> FrameReader<R> {
    /// Reads the header of the next frame, after skipping what is left of the present one. Returns
    /// `None` if the byte stream ends at a frame border. Blocks as the byte stream below does.
    ///
    /// # Errors
    /// [`FrameViolation::Truncated`] if the stream ends anywhere else, and those of
    /// [`FrameHeader::decode`].
    pub fn next_frame(&mut self) -> Result<Option<FrameHeader>, FrameError> {
        while self.remaining > 0 {
            let shown = self.fill_payload()?.len();
            self.consume_payload(shown);
        }
        loop {
            if let Some(bytes) = self.buffered().first_chunk::<FRAME_HEADER_LEN>() {
                let header = FrameHeader::decode(*bytes)?;
                self.start += FRAME_HEADER_LEN;
                (self.len, self.remaining) = (header.len, header.len);
                self.bulk = header.len >= BULK && !header.last;
                return Ok(Some(header));
            }
            let gained = if self.bulk { self.fill_header()? } else { self.fill()? };
            if gained == 0 {
                return match u32::try_from(self.buffered().len()) {
                    Ok(0) => Ok(None),
                    found => Err(FrameViolation::Truncated {
                        part: FramePart::Header,
                        expected: 6,
                        found: found.unwrap_or(u32::MAX),
                    }
                    .into()),
                };
            }
        }
    }

    /// Reads payload of the present frame into `out`. Returns 0 only at its end, or if `out` is
    /// empty.
    ///
    /// # Errors
    /// [`FrameViolation::Truncated`] if the byte stream ends inside the payload.
    pub fn read_payload(&mut self, out: &mut [u8]) -> Result<usize, FrameError> {
        let wanted = out.len().min(self.remaining as usize);
        if wanted == 0 {
            return Ok(0);
        }
        let last_of_bulk = self.bulk && wanted == self.remaining as usize;
        if self.start == self.end && (wanted >= self.buffer.len() || last_of_bulk) {
            return self.read_directly(&mut out[..wanted]);
        }
        let shown = self.fill_payload()?;
        let taken = shown.len().min(wanted);
        out[..taken].copy_from_slice(&shown[..taken]);
        self.consume_payload(taken);
        Ok(taken)
    }

    /// Reads payload past the buffer, and the next frame's header together with the last of it.
    fn read_directly(&mut self, out: &mut [u8]) -> Result<usize, FrameError> {
        let wanted = out.len();
        (self.start, self.end) = (0, 0);
        let behind = if self.bulk && wanted == self.remaining as usize { FRAME_HEADER_LEN } else { 0 };
        let ahead = &mut self.buffer[..behind];
        let gained =
            retry_interrupted(|| self.source.read_vectored(&mut [IoSliceMut::new(out), IoSliceMut::new(ahead)]))?;
        let payload = gained.min(wanted);
        self.end = gained - payload;
        self.received += gained as u64;
        self.took(payload);
        if gained == 0 { Err(self.cut_in_payload()) } else { Ok(payload) }
    }

    /// Takes payload by the caller's function, which gets the byte stream and the number of bytes
    /// left of the frame, and returns how many it took: 0 at the end of the byte stream. Calls
    /// nothing and returns `None` if some of the payload was read ahead, or none is left.
    ///
    /// # Errors
    /// Those of `take`; [`FrameViolation::Truncated`] if the byte stream ends.
    ///
    /// # Panics
    /// If `take` returns more than is left.
    pub fn take_payload(
        &mut self,
        take: impl FnOnce(&mut R, usize) -> io::Result<usize>,
    ) -> Result<Option<usize>, FrameError> {
        if self.start != self.end || self.remaining == 0 {
            return Ok(None);
        }
        let taken = take(&mut self.source, self.remaining as usize)?;
        assert!(taken <= self.remaining as usize, "more bytes taken than the frame has");
        self.received += taken as u64;
        self.took(taken);
        if taken == 0 { Err(self.cut_in_payload()) } else { Ok(Some(taken)) }
    }

    /// Returns payload of the present frame from the buffer, which is filled from below if it is
    /// empty. Empty only at the end of the frame.
    ///
    /// # Errors
    /// [`FrameViolation::Truncated`] if the byte stream ends inside the payload.
    pub fn fill_payload(&mut self) -> Result<&[u8], FrameError> {
        if self.remaining > 0 && self.start == self.end && self.fill()? == 0 {
            return Err(self.cut_in_payload());
        }
        Ok(&self.buffer[self.start..self.start + self.payload_buffered()])
    }

    fn fill(&mut self) -> io::Result<usize> {
        self.read_ahead(|source, buffer| retry_interrupted(|| source.read(buffer)))
    }

    /// Reads the missing bytes of the next header, and nothing after them.
    fn fill_header(&mut self) -> io::Result<usize> {
        let missing = FRAME_HEADER_LEN - self.buffered().len();
        self.read_ahead(|source, buffer| retry_interrupted(|| source.read(&mut buffer[..missing])))
    }
}

fn retry_interrupted(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl<R> std::fmt::Debug for FrameReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameReader")
            .field("buffered", &(self.end - self.start))
            .field("remaining", &self.remaining)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameKind;

    #[test]
    fn frames_come_one_after_the_other() {
        let bytes = [&[2, 0, 3, 0, 0, 0][..], b"abc", &[2, 1, 0, 0, 0, 0], &[0xff, 1, 9, 9, 9, 9]].concat();
        let mut reader = FrameReader::new(&bytes[..]);
        assert_eq!(reader.next_frame().unwrap().unwrap().len, 3);
        assert_eq!(reader.fill_payload().unwrap(), b"abc");
        reader.consume_payload(1);
        let mut rest = [0; 8];
        assert_eq!(reader.read_payload(&mut rest).unwrap(), 2);
        assert_eq!(&rest[..2], b"bc");
        assert!(reader.next_frame().unwrap().unwrap().last);
        assert_eq!(reader.read_payload(&mut rest).unwrap(), 0);
        assert_eq!(reader.next_frame().unwrap().unwrap().kind, FrameKind::Reset);
        assert!(reader.next_frame().unwrap().is_none());
    }

    #[test]
    fn behind_a_large_frame_only_the_next_header_is_read_ahead() {
        let large = [&[2, 0, 0, 0, 1, 0][..], &[7; 65536]].concat();
        let bytes = [&large[..], &large, &[2, 1, 2, 0, 0, 0, 8, 8, 1, 1, 0, 0, 0, 0]].concat();
        for piece in [1, 5, 4096, 65535, 65536, 65537, 70_000, 1 << 20] {
            let mut reader = FrameReader::new(Pieces { bytes: &bytes, piece });
            let mut out = vec![0; 1 << 20];
            let mut payload = Vec::new();
            for expected in [65536, 65536, 2] {
                assert_eq!(reader.next_frame().unwrap().unwrap().len, expected);
                while reader.remaining() > 0 {
                    let count = reader.read_payload(&mut out).unwrap();
                    payload.extend_from_slice(&out[..count]);
                    assert!(expected == 2 || payload.len() < 10_000 || reader.buffered().len() <= FRAME_HEADER_LEN);
                }
            }
            assert_eq!(payload, [&[7; 131_072][..], &[8, 8]].concat(), "pieces of {piece}");
            assert_eq!(reader.next_frame().unwrap().unwrap().kind, FrameKind::Header);
        }
    }

    /// Fills several slices at once, but with at most one piece.
    struct Pieces<'a> {
        bytes: &'a [u8],
        piece: usize,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let piece = self.piece.min(buf.len());
            self.bytes.read(&mut buf[..piece])
        }

        fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
            let mut left = self.piece;
            let mut count = 0;
            for buf in bufs {
                let len = left.min(buf.len());
                let read = self.bytes.read(&mut buf[..len])?;
                (left, count) = (left - read, count + read);
            }
            Ok(count)
        }
    }

    #[test]
    fn every_cut_is_told_from_a_clean_end() {
        let bytes = [&[2, 1, 3, 0, 0, 0][..], b"abc"].concat();
        for cut in 1..bytes.len() {
            let mut reader = FrameReader::new(&bytes[..cut]);
            let outcome = (|| -> Result<(), FrameError> {
                reader.next_frame()?;
                while reader.read_payload(&mut [0; 2])? > 0 {}
                Ok(())
            })();
            let Err(FrameError::Malformed(FrameViolation::Truncated { part, expected, found })) = outcome else {
                panic!("cut after {cut}: {outcome:?}");
            };
            let before = if part == FramePart::Header { 0 } else { 6 };
            assert_eq!((before + found) as usize, cut);
            assert_eq!(expected, if part == FramePart::Header { 6 } else { 3 });
        }
    }

    #[test]
    fn next_frame_skips_the_rest() {
        let bytes = [&[2, 0, 3, 0, 0, 0][..], b"abc", &[1, 1, 0, 0, 0, 0]].concat();
        let mut reader = FrameReader::new(&bytes[..]);
        reader.next_frame().unwrap();
        assert_eq!(reader.next_frame().unwrap().unwrap().kind, FrameKind::Header);
    }
}
