//! A reader or an iterator from a caller or a handler, recognised if its type is known.

use std::io::{self, BufRead, Read};
use std::time::Instant;

use crate::transport::CancelToken;

use super::KnownSource;

/// The source of a stream.
pub(crate) struct Source<'a> {
    reader: Reader<'a>,
    /// Whether something has been read that cannot be read again.
    touched: bool,
}

enum Reader<'a> {
    Plain(&'a mut dyn Read),
    Known(&'a mut dyn KnownSource),
    /// Its buffer holds one item.
    Items(&'a mut dyn BufRead),
}

impl<'a> Source<'a> {
    pub(super) fn plain(reader: &'a mut dyn Read) -> Source<'a> {
        Source { reader: Reader::Plain(reader), touched: false }
    }

    pub(super) fn known(reader: &'a mut dyn KnownSource) -> Source<'a> {
        Source { reader: Reader::Known(reader), touched: false }
    }

    pub(crate) fn items(items: &'a mut dyn BufRead) -> Source<'a> {
        Source { reader: Reader::Items(items), touched: false }
    }

    /// Returns whether something has been read that cannot be read again.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched
    }

    /// Blocks until a read of the reader would not, or `token` is cancelled, but no longer than
    /// `until`, if the reader can be waited for.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after `until`.
    pub(crate) fn await_bytes(&mut self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
        match &self.reader {
            Reader::Plain(_) | Reader::Items(_) => Ok(()),
            Reader::Known(known) => known.await_bytes(until, token),
        }
    }

    /// Returns the reader as a known source, if it is one.
    pub(super) fn as_known(&mut self) -> Option<&mut dyn KnownSource> {
        match &mut self.reader {
            Reader::Plain(_) | Reader::Items(_) => None,
            Reader::Known(known) => {
                self.touched = true;
                Some(*known)
            }
        }
    }

    /// Returns the buffer that holds one item, if it is a source of items.
    pub(crate) fn as_items(&mut self) -> Option<&mut dyn BufRead> {
        match &mut self.reader {
            Reader::Plain(_) | Reader::Known(_) => None,
            Reader::Items(items) => {
                self.touched = true;
                Some(*items)
            }
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.touched = true;
        match &mut self.reader {
            Reader::Plain(reader) => reader.read(buf),
            Reader::Known(reader) => reader.read_some(buf),
            Reader::Items(reader) => reader.read(buf),
        }
    }
}
