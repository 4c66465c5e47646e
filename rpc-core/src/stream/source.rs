//! A reader that a caller or a handler handed in, with what is known of it.

use std::io::{self, Read};

use super::KnownSource;
use super::detect::known_source;

/// Where the octets of a message come from.
pub(crate) struct Source<'a> {
    reader: Reader<'a>,
    /// Told that something has been taken that cannot be had again.
    touched: Option<&'a mut bool>,
}

enum Reader<'a> {
    Plain(&'a mut dyn Read),
    Known(&'a mut dyn KnownSource),
}

impl<'a> Source<'a> {
    pub(crate) fn of<R: Read>(reader: &'a mut R) -> Source<'a> {
        let reader = known_source(reader).map_or_else(|reader| Reader::Plain(reader), Reader::Known);
        Source { reader, touched: None }
    }

    pub(crate) fn noting(self, touched: &'a mut bool) -> Source<'a> {
        Source { touched: Some(touched), ..self }
    }

    /// What more is known of the reader than that it can be read.
    pub(super) fn known(&mut self) -> Option<&mut dyn KnownSource> {
        match &mut self.reader {
            Reader::Plain(_) => None,
            Reader::Known(known) => {
                self.touched.iter_mut().for_each(|touched| **touched = true);
                Some(*known)
            }
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.touched.iter_mut().for_each(|touched| **touched = true);
        match &mut self.reader {
            Reader::Plain(reader) => reader.read(buf),
            Reader::Known(reader) => reader.read_some(buf),
        }
    }
}
