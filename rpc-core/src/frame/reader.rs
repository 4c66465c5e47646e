//! Reads frames, never past a limit and never taking a broken stream for a clean end.

use std::io::{self, Read};

use super::{FRAME_HEADER_LEN, FrameError, FrameHeader, FramePart, FrameViolation};

/// Read-ahead of a reader, in bytes: what an idle connection keeps.
const READ_AHEAD: usize = 8 * 1024;

/// Reads frames from any byte stream.
///
/// Bytes read ahead stay in its own buffer of 8 KiB; payload reads that are larger than that bypass it. It can be called
/// again after an error of kind `WouldBlock` or `TimedOut`: nothing is lost.
///
/// Invariant: `start <= end <= buffer.len()`; `buffer[start..end]` has been read and not been handed out; the first
/// `min(remaining, end - start)` bytes of it belong to the present frame's payload.
pub struct FrameReader<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    len: u32,
    remaining: u32,
}

impl<R> FrameReader<R> {
    /// A reader that stands at a frame border.
    pub fn new(source: R) -> FrameReader<R> {
        FrameReader { source, buffer: vec![0; READ_AHEAD].into(), start: 0, end: 0, len: 0, remaining: 0 }
    }

    /// Bytes of the present frame's payload that were not handed out yet.
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// What was read ahead and not handed out: payload, and frames behind it.
    pub fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The byte stream below. What was read ahead is no longer in it.
    pub fn get_ref(&self) -> &R {
        &self.source
    }

    /// The byte stream below. Reading from it skips bytes of the frames.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// Reads ahead once, with a read function of the caller's (one that does not block, for example). Returns the bytes
    /// gained: 0 at the end of the byte stream, or where the buffer has no room.
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
        Ok(gained)
    }

    /// The header of the next frame, if all its bytes were read ahead and the present frame is used up. It stays unread.
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

    /// Marks `count` bytes of the payload as used.
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
    /// Reads the header of the next frame; `None` where the byte stream ends at a frame border. What is left of the
    /// present frame is skipped. Blocks as the byte stream below does.
    ///
    /// # Errors
    /// [`FrameViolation::Truncated`] where the stream ends anywhere else, and those of [`FrameHeader::decode`].
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
                return Ok(Some(header));
            }
            if self.fill()? == 0 {
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

    /// Reads payload of the present frame into `out`. Returns 0 only where it is used up or `out` is empty.
    ///
    /// # Errors
    /// [`FrameViolation::Truncated`] where the byte stream ends inside the payload.
    pub fn read_payload(&mut self, out: &mut [u8]) -> Result<usize, FrameError> {
        let wanted = out.len().min(self.remaining as usize);
        if wanted == 0 {
            return Ok(0);
        }
        if self.start == self.end && wanted >= self.buffer.len() {
            let gained = retry_interrupted(|| self.source.read(&mut out[..wanted]))?;
            self.took(gained);
            return if gained == 0 { Err(self.cut_in_payload()) } else { Ok(gained) };
        }
        let shown = self.fill_payload()?;
        let taken = shown.len().min(wanted);
        out[..taken].copy_from_slice(&shown[..taken]);
        self.consume_payload(taken);
        Ok(taken)
    }

    /// Payload of the present frame from the buffer, read from below if there is none. Empty only where it is used up.
    ///
    /// # Errors
    /// [`FrameViolation::Truncated`] where the byte stream ends inside the payload.
    pub fn fill_payload(&mut self) -> Result<&[u8], FrameError> {
        if self.remaining > 0 && self.start == self.end && self.fill()? == 0 {
            return Err(self.cut_in_payload());
        }
        Ok(&self.buffer[self.start..self.start + self.payload_buffered()])
    }

    fn fill(&mut self) -> io::Result<usize> {
        self.read_ahead(|source, buffer| retry_interrupted(|| source.read(buffer)))
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
