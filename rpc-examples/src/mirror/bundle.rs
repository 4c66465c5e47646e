//! Several files in one stream, as [`fetch_many`](super::Mirror::fetch_many) describes it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Take};
use std::vec;

use super::error::MirrorError;
use super::service::Listed;

/// The maximum number of files in one stream.
pub(super) const MOST_FILES: usize = 256;

/// The maximum number of the directories that they are in, if those of files in the same directory
/// follow each other. The receiving side has them open.
pub(super) const MOST_DIRECTORIES: usize = 32;

/// The maximum number of their bytes that a server stores in one call.
pub(super) const MOST_BYTES: u64 = 16 << 20;

/// The maximum length of the line before a file. The longest is an error with a path.
const LONGEST_LINE: u64 = 64 << 10;

/// The serving side: opens each file when its turn comes, so it has one open.
pub(super) struct Packed<O> {
    files: vec::IntoIter<Listed>,
    open: O,
    line: io::Cursor<Vec<u8>>,
    file: Option<Take<File>>,
}

impl<O: FnMut(&Listed) -> Result<File, MirrorError>> Packed<O> {
    pub(super) fn new(files: Vec<Listed>, open: O) -> Packed<O> {
        Packed { files: files.into_iter(), open, line: io::Cursor::default(), file: None }
    }

    /// Begins the next file.
    fn begin(&mut self, listed: &Listed) -> io::Result<()> {
        let refused = match (self.open)(listed) {
            Ok(file) => {
                self.file = Some(file.take(listed.content.size));
                None
            }
            Err(error) => Some(error),
        };
        let mut line = serde_json::to_vec(&refused)?;
        line.push(b'\n');
        self.line = io::Cursor::new(line);
        Ok(())
    }

    /// Reads from the current line or file, if something of them is left.
    fn read_current(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.line.read(buf)?;
        let Some(file) = self.file.as_mut().filter(|_| count == 0) else { return Ok(count) };
        match file.read(buf)? {
            0 if file.limit() > 0 => Err(io::Error::other("a file became shorter while it was read")),
            0 => {
                self.file = None;
                Ok(0)
            }
            count => Ok(count),
        }
    }
}

impl<O: FnMut(&Listed) -> Result<File, MirrorError>> Read for Packed<O> {
    /// Fills the buffer, so that small files leave together.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read_current(&mut buf[filled..])? {
                0 => match self.files.next() {
                    Some(listed) => self.begin(&listed)?,
                    None => break,
                },
                count => filled += count,
            }
        }
        Ok(filled)
    }
}

/// The receiving side.
pub(super) struct Unpacked<R> {
    stream: BufReader<R>,
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(stream: R) -> Unpacked<R> {
        Unpacked { stream: BufReader::with_capacity(64 << 10, stream) }
    }

    /// Begins the next file. Returns a reader of at most `size` bytes, or why the file is not sent.
    ///
    /// # Errors
    /// If the stream has failed, or this is not the beginning of a file. Nothing more can be read.
    pub(super) fn next(&mut self, size: u64) -> io::Result<Result<Take<impl Read>, MirrorError>> {
        let mut line = Vec::new();
        self.stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        let refused: Option<MirrorError> = serde_json::from_slice(&line)?;
        Ok(refused.map_or_else(|| Ok(self.stream.by_ref().take(size)), Err))
    }

    /// Reads the end of the stream, so that its connection can be used again at once.
    pub(super) fn finish(mut self) {
        // A longer stream is given up: what was expected has arrived.
        _ = self.stream.read(&mut [0]);
    }
}
