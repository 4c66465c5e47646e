//! The frame that is being sent while octets go both ways, as the transport takes it.

use std::io::{self, Read};
use std::ops::Range;

use crate::connection::{CHUNK, Outbound};
use crate::frame::{FRAME_HEADER_LEN, FrameHeader, FrameKind};
use crate::message::ReplyHeader;

/// A frame that is being sent.
#[derive(Default)]
pub(super) struct Pump {
    /// The frame's header and payload, and spare room.
    frame: Vec<u8>,
    unsent: Range<usize>,
    completes: Completes,
}

/// What is complete once the current frame has been sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Completes {
    #[default]
    Nothing,
    /// The request: the frame is its last.
    Request,
    /// The request's early end: the frame is a Trailer that stops it.
    Stop,
    /// The cancel: the frame is a Trailer that cancels the reply.
    Cancel,
}

impl Pump {
    pub(super) fn is_empty(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Reads from the source into a frame.
    pub(super) fn load(&mut self, source: &mut dyn Read) -> io::Result<()> {
        self.frame.resize(FRAME_HEADER_LEN + CHUNK, 0);
        let count = loop {
            match source.read(&mut self.frame[FRAME_HEADER_LEN..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome?,
            }
        };
        self.put_header(FrameKind::Data, count == 0, count);
        self.completes = if count == 0 { Completes::Request } else { Completes::Nothing };
        Ok(())
    }

    pub(super) fn load_trailer(&mut self, trailer: &ReplyHeader<'_>, completes: Completes) {
        self.frame.clear();
        self.frame.resize(FRAME_HEADER_LEN, 0);
        trailer.encode(&mut self.frame);
        let count = self.frame.len() - FRAME_HEADER_LEN;
        self.put_header(FrameKind::Trailer, true, count);
        self.completes = completes;
    }

    fn put_header(&mut self, kind: FrameKind, last: bool, count: usize) {
        let header = FrameHeader::new(kind, last, count).expect("a chunk is shorter than the longest frame");
        self.frame[..FRAME_HEADER_LEN].copy_from_slice(&header.encode());
        self.unsent = 0..FRAME_HEADER_LEN + count;
    }

    /// Sends what the transport takes without blocking. Returns how many bytes it took, and what
    /// that completes.
    pub(super) fn send(&mut self, outbound: &mut Outbound) -> io::Result<(usize, Completes)> {
        let taken = outbound.try_write(&self.frame[self.unsent.clone()])?;
        self.unsent.start += taken;
        let completed = if self.is_empty() { std::mem::take(&mut self.completes) } else { Completes::Nothing };
        Ok((taken, completed))
    }
}
