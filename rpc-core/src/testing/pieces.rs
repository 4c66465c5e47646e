//! A transport that moves only small pieces.

use std::io::{self, IoSlice};
use std::time::Instant;

use crate::Transport;
use crate::transport::{Parts, ReadHalf, WriteHalf};

/// A transport whose reads and writes move at most one piece each.
#[derive(Debug)]
pub struct Piecewise<T>(pub T, pub PieceSize);

/// The size of the pieces.
#[derive(Debug, Clone, Copy)]
pub enum PieceSize {
    /// This many bytes.
    Fixed(usize),
    /// A random number of bytes, from 1 to the first number, by a generator with the second as its
    /// seed.
    Random(usize, u64),
}

impl PieceSize {
    fn next(&mut self) -> usize {
        match self {
            PieceSize::Fixed(size) => *size,
            PieceSize::Random(most, state) => {
                // a linear congruential generator with Knuth's constants
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(*state >> 33).expect("31 bits") % *most + 1
            }
        }
    }
}

impl<T: Transport> Transport for Piecewise<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts {
            reader: Box::new(PiecewiseHalf(parts.reader, self.1)),
            writer: Box::new(PiecewiseHalf(parts.writer, self.1)),
            ..parts
        })
    }
}

struct PiecewiseHalf<T: ?Sized>(Box<T>, PieceSize);

impl ReadHalf for PiecewiseHalf<dyn ReadHalf> {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let size = buf.len().min(self.1.next());
        self.0.read(&mut buf[..size], until)
    }

    fn try_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let size = buf.len().min(self.1.next());
        self.0.try_read(&mut buf[..size])
    }
}

impl PiecewiseHalf<dyn WriteHalf> {
    /// Returns the next piece to be written.
    fn piece<'b>(&mut self, bufs: &'b [IoSlice<'_>]) -> IoSlice<'b> {
        let first = bufs.iter().find(|buf| !buf.is_empty()).expect("there is something to write");
        IoSlice::new(&first[..first.len().min(self.1.next())])
    }
}

impl WriteHalf for PiecewiseHalf<dyn WriteHalf> {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        let piece = self.piece(bufs);
        self.0.write(&[piece], until)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let piece = self.piece(bufs);
        self.0.try_write(&[piece])
    }

    fn try_flush(&mut self) -> io::Result<bool> {
        self.0.try_flush()
    }

    fn flush(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.flush(until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}
