//! The frame that is being sent while octets go both ways, as the transport takes it.

use std::io::{self, Read};
use std::ops::Range;

use crate::connection::{CHUNK, ClientTurn, Outbound};
use crate::frame::{FRAME_HEADER_LEN, FrameHeader, FrameKind};
use crate::message::ReplyHeader;

/// A frame that is being sent.
#[derive(Default)]
pub(super) struct Pump {
    /// The frame's header and payload, and spare room.
    frame: Vec<u8>,
    /// What the transport has not taken.
    unsent: Range<usize>,
    /// Some of the frame has not left.
    sending: bool,
    /// How the turn changes once the frame has left.
    completes: Option<fn(&mut ClientTurn)>,
}

impl Pump {
    pub(super) fn is_empty(&self) -> bool {
        !self.sending
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
        self.completes = if count == 0 { Some(ClientTurn::request_ended) } else { None };
        Ok(())
    }

    /// Makes a Trailer the frame: it stops the request or cancels the reply, and `completes` says
    /// which.
    pub(super) fn load_trailer(&mut self, trailer: &ReplyHeader<'_>, completes: fn(&mut ClientTurn)) {
        self.frame.clear();
        self.frame.resize(FRAME_HEADER_LEN, 0);
        trailer.encode(&mut self.frame);
        let count = self.frame.len() - FRAME_HEADER_LEN;
        self.put_header(FrameKind::Trailer, true, count);
        self.completes = Some(completes);
    }

    fn put_header(&mut self, kind: FrameKind, last: bool, count: usize) {
        let header = FrameHeader::new(kind, last, count).expect("a chunk is shorter than the longest frame");
        self.frame[..FRAME_HEADER_LEN].copy_from_slice(&header.encode());
        self.unsent = 0..FRAME_HEADER_LEN + count;
        self.sending = true;
    }

    /// Sends what is possible without blocking: first what is held back, then the frame. Returns
    /// whether the transport took any of it, or the last of it has left.
    pub(super) fn send(&mut self, outbound: &mut Outbound, turn: &mut ClientTurn) -> io::Result<bool> {
        let held = outbound.frames.queued();
        if held > 0 && !outbound.frames.try_flush()? {
            return Ok(outbound.frames.queued() < held);
        }
        let mut moved = held > 0;
        if !self.unsent.is_empty() {
            let taken = outbound.frames.try_write(&self.frame[self.unsent.clone()])?;
            self.unsent.start += taken;
            moved |= taken > 0;
        }
        if self.unsent.is_empty() && outbound.frames.try_flush()? {
            (self.sending, moved) = (false, true);
            if let Some(complete) = self.completes.take() {
                complete(turn);
            }
        }
        Ok(moved)
    }
}
