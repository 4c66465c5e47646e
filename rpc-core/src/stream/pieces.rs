//! Sending a stream piece by piece. Each piece becomes a frame.

use std::io::{self, BufRead, Read};
use std::time::Instant;

use crate::connection::Outbound;
use crate::frame::{FrameError, FrameKind};
use crate::transport::{CancelToken, Filled, KernelPipe};

use super::Source;

/// The largest piece of a stream from memory, in bytes: over TCP a sixth more per second than with
/// twice as many.
const MEMORY_PIECE: usize = 512 * 1024;

/// How many bytes of a stream go through memory before a pipe is opened: a short stream is not
/// worth the system calls.
const MIN_LEN_FOR_PIPE: u64 = 128 * 1024;

/// A stream that is being sent. There is at most one piece at a time. A frame is announced with its
/// whole length only once its piece is there, because a file may shrink and a pipe may dry up.
pub(crate) struct Pieces<'p, 's> {
    source: &'p mut Source<'s>,
    current: Piece,
    buffer: GrowingBuffer,
    /// The pipe through which the kernel moves the bytes, once it does.
    pipe: Option<KernelPipe>,
    /// Whether a pipe may be opened.
    pipe_allowed: bool,
    /// The number of bytes so far.
    total: u64,
}

/// Where the current piece is.
#[derive(Clone, Copy)]
enum Piece {
    /// In the buffer.
    Buffered(usize),
    /// In the source's own memory.
    Memory(usize),
    /// In the pipe.
    Piped(usize),
    /// In the source's buffer: an item, or a part of a large one.
    Item(usize),
}

impl<'p, 's> Pieces<'p, 's> {
    /// Creates a stream for a transport; `takes_pipes` says whether it takes pipes.
    pub(crate) fn new(source: &'p mut Source<'s>, takes_pipes: bool) -> Pieces<'p, 's> {
        let (current, buffer) = (Piece::Buffered(0), GrowingBuffer::default());
        Pieces { source, current, buffer, pipe: None, pipe_allowed: takes_pipes, total: 0 }
    }

    /// Blocks until the next piece can be got without waiting, as far as the source can be waited
    /// for: see [`Source::await_bytes`].
    pub(crate) fn await_source(&mut self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
        self.source.await_bytes(until, token)
    }

    /// Gets the next piece and returns its length: 0 at the end of the stream. Blocks while the
    /// source does.
    pub(crate) fn get(&mut self) -> io::Result<usize> {
        self.current = self.next()?;
        let (Piece::Buffered(len) | Piece::Memory(len) | Piece::Piped(len) | Piece::Item(len)) = self.current;
        self.total += len as u64;
        Ok(len)
    }

    /// Returns whether the source is one of items.
    pub(crate) fn are_items(&self) -> bool {
        matches!(self.current, Piece::Item(_))
    }

    /// Holds the current piece back, if it is an item that may wait for the next. Returns whether
    /// it does.
    pub(crate) fn hold(&mut self, outbound: &mut Outbound) -> bool {
        let Piece::Item(len @ 1..) = self.current else { return false };
        let held = outbound.hold_item(self.item(len));
        if held {
            self.consume_item(len);
        }
        held
    }

    fn item(&mut self, len: usize) -> &[u8] {
        let item = self.source.as_items().map(BufRead::fill_buf);
        let Some(Ok(item)) = item else { unreachable!("the current item is in the buffer of its source") };
        &item[..len]
    }

    fn consume_item(&mut self, len: usize) {
        self.source.as_items().into_iter().for_each(|items| items.consume(len));
    }

    fn next(&mut self) -> io::Result<Piece> {
        if let Some(items) = self.source.as_items() {
            return Ok(Piece::Item(items.fill_buf()?.len().min(MEMORY_PIECE)));
        }
        if let Some(known) = self.source.as_known() {
            let in_memory = known.in_memory().len();
            if in_memory > 0 {
                return Ok(Piece::Memory(in_memory.min(MEMORY_PIECE)));
            }
            if self.pipe_allowed && self.total >= MIN_LEN_FOR_PIPE {
                self.pipe = self.pipe.take().or_else(KernelPipe::new);
                let filled = self.pipe.as_mut().map_or(Ok(Filled::Never), |pipe| known.fill(pipe, usize::MAX));
                match filled? {
                    Filled::With(count) => return Ok(Piece::Piped(count)),
                    Filled::NotNow => {}
                    Filled::Never => (self.pipe_allowed, self.pipe) = (false, None),
                }
            }
        }
        self.buffer.read_from(self.source).map(Piece::Buffered)
    }

    /// Sends the current piece.
    pub(crate) fn send<S: PieceSink>(&mut self, sink: &mut S) -> Result<(), S::Error> {
        match self.current {
            Piece::Buffered(len) => sink.write_piece(&self.buffer.bytes[..len]),
            Piece::Memory(len) => {
                let known = self.source.as_known().expect("only a known source has bytes in memory");
                let sent = sink.write_piece(&known.in_memory()[..len]);
                known.consume(len);
                sent
            }
            Piece::Piped(len) => {
                let sent = sink.write_pipe(self.pipe.as_mut().expect("a piped piece is in the pipe"), len);
                self.pipe_allowed &= sink.takes_pipes();
                sent
            }
            Piece::Item(len) => {
                let sent = sink.write_piece(self.item(len));
                self.consume_item(len);
                sent
            }
        }
    }
}

/// Where pieces are sent.
pub(crate) trait PieceSink {
    /// The error of sending.
    type Error;

    fn write_piece(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Sends the `len` bytes that a pipe holds.
    fn write_pipe(&mut self, pipe: &mut KernelPipe, len: usize) -> Result<(), Self::Error>;

    /// Returns whether the kernel can move a pipe's bytes to it.
    fn takes_pipes(&self) -> bool;
}

/// Each piece becomes a frame of a body.
impl PieceSink for Outbound {
    type Error = FrameError;

    fn write_piece(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        self.frames.write(FrameKind::Data, false, bytes)
    }

    fn write_pipe(&mut self, pipe: &mut KernelPipe, len: usize) -> Result<(), FrameError> {
        self.write_from_pipe(pipe, len)
    }

    fn takes_pipes(&self) -> bool {
        Outbound::takes_pipes(self)
    }
}

/// A buffer that grows as long as the source fills it: from 16 KiB to 512 KiB, which was fastest
/// over TCP.
#[derive(Default)]
struct GrowingBuffer {
    bytes: Vec<u8>,
    /// Whether the last read filled it.
    full: bool,
}

impl GrowingBuffer {
    const FIRST: usize = 16 * 1024;
    const LARGEST: usize = 512 * 1024;

    /// Reads once, again if a signal interrupts that, and returns the number of bytes.
    fn read_from(&mut self, source: &mut (impl Read + ?Sized)) -> io::Result<usize> {
        if self.bytes.is_empty() {
            self.bytes = vec![0; Self::FIRST];
        } else if self.full && self.bytes.len() < Self::LARGEST {
            let len = (self.bytes.len() * 4).min(Self::LARGEST);
            // free the old buffer first, so that there are never two
            self.bytes = Vec::new();
            self.bytes = vec![0; len];
        }
        loop {
            match source.read(&mut self.bytes) {
                Ok(count) => {
                    assert!(count <= self.bytes.len(), "a reader returned more bytes than its buffer holds");
                    self.full = count == self.bytes.len();
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
