//! Lines of a byte stream. Knows nothing of JSON.

use std::io::{self, BufRead, Read};

/// The size of the buffer in bytes, unless a line needs more.
const ROOM: usize = 32 * 1024;

/// The lines of a byte stream, with the buffer for them.
///
/// Invariant: `start <= end <= buffer.len()`; `buffer[start..end]` has been read and is not part of
/// a line that was returned.
pub(super) struct Lines {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The most bytes of a line, without its line break.
    limit: usize,
}

/// Why there is no next line, although the byte stream has not ended after the last one.
#[derive(Debug)]
pub(super) enum LineError {
    /// The byte stream failed.
    Failed(io::Error),
    /// The line is over the limit.
    TooLong,
    /// The byte stream ended after these many bytes of the line.
    Unfinished(usize),
}

impl Lines {
    pub(super) fn new(limit: usize) -> Lines {
        Lines { buffer: Vec::new(), start: 0, end: 0, limit }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the next line without its line break; `None` at the end of the byte stream. Blocks
    /// until a whole line has come. After an error, the byte stream must not be read any more.
    pub(super) fn next(&mut self, source: &mut dyn Read) -> Result<Option<&[u8]>, LineError> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            let line_break = find_line_break(&unread[searched..]).map(|at| searched + at);
            if line_break.unwrap_or(unread.len()) > self.limit {
                return Err(LineError::TooLong);
            }
            if let Some(len) = line_break {
                let start = self.start;
                self.start += len + 1;
                return Ok(Some(&self.buffer[start..start + len]));
            }
            searched = unread.len();
            self.make_room();
            match source.read(&mut self.buffer[self.end..]) {
                Ok(0) if searched == 0 => return Ok(None),
                Ok(0) => return Err(LineError::Unfinished(searched)),
                Ok(count) => self.end += count,
                Err(error) => return Err(LineError::Failed(error)),
            }
        }
    }

    /// Makes room for more bytes. A buffer that a long line fills grows by doubling, and is given
    /// back after that line.
    fn make_room(&mut self) {
        let unread = self.end - self.start;
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, unread);
        }
        let len = self.buffer.len();
        let room = match unread {
            _ if unread < ROOM / 2 => ROOM,
            _ if unread < len => len,
            _ => len.saturating_mul(2).min(self.limit.saturating_add(1)),
        };
        if room != len {
            let mut buffer = vec![0; room];
            buffer[..unread].copy_from_slice(&self.buffer[..unread]);
            self.buffer = buffer;
        }
    }
}

/// Returns where the first line break is. By std's search, which looks at many bytes at once.
fn find_line_break(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    // reading from memory cannot fail
    let skipped = rest.skip_until(b'\n').unwrap_or_default();
    skipped.checked_sub(1).filter(|last| bytes[*last] == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns bytes in parts of this many.
    struct InParts<'b>(&'b [u8], usize);

    impl Read for InParts<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buf.len());
            self.0.read(&mut buf[..count])
        }
    }

    #[test]
    fn lines_come_whole_however_the_bytes_come() {
        let long = "x".repeat(3 * ROOM);
        let text = format!("1\n\n22\n{long}\n333\n{long}\n4\n");
        for part in [1, 2, 7, 1000, ROOM - 1, ROOM, usize::MAX] {
            let (mut lines, mut source) = (Lines::new(long.len()), InParts(text.as_bytes(), part));
            for expected in ["1", "", "22", &long, "333", &long, "4"] {
                assert_eq!(lines.next(&mut source).unwrap(), Some(expected.as_bytes()), "in parts of {part}");
            }
            assert!(lines.next(&mut source).unwrap().is_none());
            assert!(lines.next(&mut source).unwrap().is_none());
        }
    }

    #[test]
    fn a_line_over_the_limit_is_not_kept() {
        for (text, fits) in [("12345\n", true), ("123456\n", false), ("123456", false), ("1\n123456\n", false)] {
            for part in [1, 100] {
                let (mut lines, mut source) = (Lines::new(5), InParts(text.as_bytes(), part));
                let read = (0..2).find_map(|_| lines.next(&mut source).err());
                assert_eq!(matches!(read, Some(LineError::TooLong)), !fits, "{text:?}: {read:?}");
            }
        }
        let (mut lines, mut endless) = (Lines::new(1 << 20), io::repeat(b' '));
        assert!(matches!(lines.next(&mut endless), Err(LineError::TooLong)));
        assert_eq!(lines.buffer.len(), (1 << 20) + 1);
    }

    #[test]
    fn a_last_line_without_its_break_is_no_line() {
        let (mut lines, mut source) = (Lines::new(100), &b"1\n22"[..]);
        assert_eq!(lines.next(&mut source).unwrap(), Some(&b"1"[..]));
        assert!(matches!(lines.next(&mut source), Err(LineError::Unfinished(2))));
    }

    #[test]
    fn the_memory_of_a_long_line_is_given_back() {
        let text = format!("{}\n{}", "x".repeat(1 << 20), "1\n".repeat(ROOM));
        let (mut lines, mut source) = (Lines::new(1 << 20), InParts(text.as_bytes(), 1000));
        while lines.next(&mut source).unwrap().is_some() {}
        assert_eq!(lines.buffer.len(), ROOM);
    }
}
