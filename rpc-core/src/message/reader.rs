//! The frame-bridging reader: messages from the frames of a [`Read`].

use std::io::{self, Read};

use crate::frame::{FRAME_HEADER_LEN, FrameHeader, FrameKind, FrameReader};

use super::{MAX_HEADER_LEN, MessageError, Status, TrailerError, Violation};

/// Reads messages.
///
/// [`read_header`](MessageReader::read_header) reads a message with a header whole.
/// [`start_body`](MessageReader::start_body) begins a body of one or two messages. After
/// that, [`read_message`](MessageReader::read_message) returns `Ok(0)` only after a message's final
/// frame.
///
/// It can be called again after an error of kind `WouldBlock` or `TimedOut` while it reads a body:
/// nothing is lost.
#[derive(Debug)]
pub struct MessageReader<R> {
    frames: FrameReader<R>,
    place: Place,
    /// Messages of the body after the present one.
    parts_left: u8,
    /// The last header had exactly the size after which original senders send one more, empty,
    /// header frame.
    extra_frame_may_follow: bool,
    /// The peer's headers say that it may send Trailer frames.
    trailers_allowed: bool,
    /// The bytes of a Trailer frame that have been read; empty outside such a frame.
    trailer: Vec<u8>,
    /// The status of the Trailer that ended the body.
    trailer_status: Option<Status>,
    /// `Some` inside a frame of a header: whether the frame is the last one.
    in_header: Option<bool>,
}

/// The reader's place in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After a message of a body, or where no body was started.
    Ended,
    /// Before the first frame of a message, or after one that was not the final one.
    Between,
    /// In a frame.
    Inside { last: bool },
    /// In a Trailer frame.
    Trailer,
}

impl<R> MessageReader<R> {
    /// Returns a reader that expects a message next.
    pub fn new(source: R) -> MessageReader<R> {
        MessageReader {
            frames: FrameReader::new(source),
            place: Place::Ended,
            parts_left: 0,
            extra_frame_may_follow: false,
            trailers_allowed: false,
            trailer: Vec::new(),
            trailer_status: None,
            in_header: None,
        }
    }

    /// Returns whether the body that was started has been read to its end, or none was started.
    pub fn body_ended(&self) -> bool {
        self.parts_left == 0 && self.part_ended()
    }

    /// Returns the status of the Trailer that ended the body that was started, if one did.
    pub(crate) fn trailer_status(&self) -> Option<Status> {
        self.trailer_status
    }

    /// Whether the present message of the body has been read to its end.
    fn part_ended(&self) -> bool {
        match self.place {
            Place::Ended => true,
            Place::Inside { last } => last && self.frames.remaining() == 0,
            Place::Between | Place::Trailer => false,
        }
    }

    /// Begins a body of `parts` messages, whose frames must be Data frames. With 0 there is no
    /// body.
    pub fn start_body(&mut self, parts: u8) {
        self.parts_left = parts;
        self.place = Place::Ended;
        self.trailer_status = None;
        self.next_part();
    }

    /// Goes on to the body's next message, if the present one has been read to its end and another
    /// follows.
    pub fn next_part(&mut self) {
        if self.part_ended() && self.parts_left > 0 {
            self.parts_left -= 1;
            self.place = Place::Between;
        }
    }

    /// Sets whether Trailer frames are understood. Only a peer whose header says revision 1 or more
    /// may send any.
    pub fn allow_trailers(&mut self, allowed: bool) {
        self.trailers_allowed = allowed;
    }

    /// Returns what was read ahead of the next message. The extra frame of original senders does
    /// not count, even if only its start has been read.
    pub fn ahead(&self) -> &[u8] {
        let ahead = self.frames.buffered();
        let len = ahead.len().min(FRAME_HEADER_LEN);
        let mut next = EXTRA_FRAME.encode();
        next[..len].copy_from_slice(&ahead[..len]);
        let extra = self.extra_frame_may_follow && FrameHeader::decode(next) == Ok(EXTRA_FRAME);
        if extra { &ahead[len..] } else { ahead }
    }

    /// Returns whether a header and a message after it, each in one frame, have been read ahead: a
    /// call that can be read without waiting.
    pub(crate) fn call_ahead(&self) -> bool {
        let header = after_last_frame(self.ahead(), FrameKind::Header);
        header.and_then(|rest| after_last_frame(rest, FrameKind::Data)).is_some()
    }

    /// Returns the frames below.
    pub fn frames(&self) -> &FrameReader<R> {
        &self.frames
    }

    /// Returns the frames below. Reading from them loses the place in the message.
    pub fn frames_mut(&mut self) -> &mut FrameReader<R> {
        &mut self.frames
    }
}

impl<R: Read> MessageReader<R> {
    /// Reads a header message whole into `out`, which is empty at first. After an error of kind
    /// `WouldBlock` or `TimedOut`, a further call continues. Returns `false`, having read nothing,
    /// if the byte stream ends before it.
    ///
    /// # Errors
    /// [`Violation::HeaderTooLong`] over 4096 bytes, [`Violation::UnexpectedFrame`],
    /// [`MessageError::Reset`], and the errors of the byte stream and its frames.
    pub fn read_header(&mut self, out: &mut Vec<u8>) -> Result<bool, MessageError> {
        loop {
            let last = match self.in_header {
                Some(last) => last,
                None => {
                    let Some(frame) = self.next_frame()? else {
                        return if out.is_empty() { Ok(false) } else { Err(end_of_stream("the rest of a header")) };
                    };
                    expect(FrameKind::Header, frame.kind)?;
                    check_header_len(out.len() + frame.len as usize)?;
                    frame.last
                }
            };
            self.in_header = Some(last);
            append_payload(&mut self.frames, out)?;
            self.in_header = None;
            if last {
                self.extra_frame_may_follow = out.len() == MAX_HEADER_LEN;
                return Ok(true);
            }
        }
    }

    /// Skips a Trailer frame whose start has been read ahead where a header is expected: a cancel
    /// that arrived when its call was over. Returns whether there was one.
    ///
    /// # Errors
    /// As [`read_cancel`](MessageReader::read_cancel).
    pub fn skip_late_cancel(&mut self) -> Result<bool, MessageError> {
        let late = self.trailers_allowed && self.ahead().first() == Some(&FrameKind::Trailer.to_wire());
        if late {
            self.read_cancel()?;
        }
        Ok(late)
    }

    /// Reads the Trailer frame that comes next, without a body: a cancel.
    ///
    /// # Errors
    /// [`Violation::UnexpectedFrame`] if another frame comes next; otherwise as
    /// [`read_header`](MessageReader::read_header).
    pub fn read_cancel(&mut self) -> Result<TrailerError, MessageError> {
        let frame = self.next_frame()?.ok_or_else(|| end_of_stream("a Trailer frame"))?;
        expect(FrameKind::Trailer, frame.kind)?;
        check_trailer(frame)?;
        self.finish_trailer()
    }

    /// Reads the body that was started whole into `out`, which is empty at first. After an error of
    /// kind `WouldBlock` or `TimedOut`, a further call continues. Memory grows with the bytes that
    /// arrive, not with those announced.
    ///
    /// # Errors
    /// [`MessageError::TooLong`] over `limit` bytes, with the rest unread; otherwise those of
    /// [`read_message`](MessageReader::read_message).
    pub fn read_body(&mut self, limit: usize, out: &mut Vec<u8>) -> Result<(), MessageError> {
        loop {
            let shown = self.fill_message()?;
            if shown.is_empty() {
                return Ok(());
            }
            if out.len() + shown.len() > limit {
                return Err(MessageError::TooLong { what: "JSON body", limit: limit as u64 });
            }
            out.extend_from_slice(shown);
            let count = shown.len();
            self.consume_message(count);
        }
    }

    /// Reads as [`Read::read`] does, and returns the error unconverted.
    ///
    /// # Errors
    /// [`Violation::UnexpectedFrame`], [`Violation::EndOfStream`], [`MessageError::Reset`], and the
    /// errors of the byte stream and its frames.
    pub fn read_message(&mut self, out: &mut [u8]) -> Result<usize, MessageError> {
        if out.is_empty() || !self.advance()? {
            return Ok(0);
        }
        Ok(self.frames.read_payload(out)?)
    }

    /// Takes payload by the caller's function, as [`FrameReader::take_payload`] does; 0 at the end
    /// of the message. Returns `None` if some was read ahead, or if fewer than `least` bytes of the
    /// present frame are left: they have to be read.
    ///
    /// # Errors
    /// Those of [`read_message`](MessageReader::read_message) and of `take`.
    pub fn take_message(
        &mut self,
        least: u32,
        take: impl FnOnce(&mut R, usize) -> io::Result<usize>,
    ) -> Result<Option<usize>, MessageError> {
        if !self.advance()? {
            return Ok(Some(0));
        }
        if self.frames.remaining() < least {
            return Ok(None);
        }
        Ok(self.frames.take_payload(take)?)
    }

    /// Returns payload as [`BufRead::fill_buf`](io::BufRead::fill_buf) does, and the error
    /// unconverted.
    ///
    /// # Errors
    /// Those of [`read_message`](MessageReader::read_message).
    pub fn fill_message(&mut self) -> Result<&[u8], MessageError> {
        if !self.advance()? {
            return Ok(&[]);
        }
        Ok(self.frames.fill_payload()?)
    }

    /// Marks payload as read, as [`BufRead::consume`](io::BufRead::consume) does.
    ///
    /// # Panics
    /// If `count` is more than was shown.
    pub fn consume_message(&mut self, count: usize) {
        self.frames.consume_payload(count);
    }

    /// Skips what is left of the body as far as it was read ahead. Returns whether that is all of
    /// it. A Trailer frame ends it as well.
    ///
    /// # Errors
    /// Those of [`read_message`](MessageReader::read_message), except a Trailer.
    pub fn skip_read_ahead(&mut self) -> Result<bool, MessageError> {
        loop {
            self.next_part();
            let ahead = self.frames.buffered().len();
            let remaining = self.frames.remaining() as usize;
            match self.place {
                Place::Ended => return Ok(true),
                Place::Trailer if ahead >= remaining => _ = self.end_by_trailer()?,
                Place::Inside { .. } if remaining == 0 => self.step()?,
                Place::Inside { .. } if ahead > 0 => self.frames.consume_payload(ahead.min(remaining)),
                Place::Between if !self.extra_frame_may_follow && self.frames.peek_frame()?.is_some() => self.step()?,
                _ => return Ok(false),
            }
        }
    }

    /// Goes on to a frame with payload left. Returns `false` at the end of a message. Skips empty
    /// frames.
    fn advance(&mut self) -> Result<bool, MessageError> {
        loop {
            match self.place {
                Place::Ended => return Ok(false),
                Place::Inside { .. } if self.frames.remaining() > 0 => return Ok(true),
                _ => self.step()?,
            }
        }
    }

    /// Leaves the present frame, or enters the next.
    fn step(&mut self) -> Result<(), MessageError> {
        self.place = match self.place {
            Place::Ended | Place::Inside { last: true } => Place::Ended,
            Place::Inside { last: false } => Place::Between,
            Place::Between => {
                let frame = self.next_frame()?.ok_or_else(|| end_of_stream("the next frame of a body"))?;
                if frame.kind == FrameKind::Trailer && self.trailers_allowed {
                    check_trailer(frame)?;
                    Place::Trailer
                } else {
                    expect(FrameKind::Data, frame.kind)?;
                    Place::Inside { last: frame.last }
                }
            }
            Place::Trailer => return Err(MessageError::Trailer(Box::new(self.end_by_trailer()?))),
        };
        Ok(())
    }

    /// Reads the rest of a Trailer frame, which ends the body.
    fn finish_trailer(&mut self) -> Result<TrailerError, MessageError> {
        append_payload(&mut self.frames, &mut self.trailer)?;
        (self.place, self.parts_left) = (Place::Ended, 0);
        Ok(TrailerError::decode(&std::mem::take(&mut self.trailer))?)
    }

    /// Reads the rest of a Trailer frame in the place of a body's next frame.
    fn end_by_trailer(&mut self) -> Result<TrailerError, MessageError> {
        let trailer = self.finish_trailer()?;
        self.trailer_status = Some(trailer.status);
        Ok(trailer)
    }

    /// Reads the header of the next frame, which may not be a Reset. Skips the extra frame of
    /// original senders.
    fn next_frame(&mut self) -> Result<Option<FrameHeader>, MessageError> {
        let mut frame = self.frames.next_frame()?;
        if std::mem::take(&mut self.extra_frame_may_follow) && frame == Some(EXTRA_FRAME) {
            frame = self.frames.next_frame()?;
        }
        if frame.is_some_and(|frame| frame.kind == FrameKind::Reset) { Err(MessageError::Reset) } else { Ok(frame) }
    }
}

/// The frame that an original sender sends after a header of exactly the limit.
const EXTRA_FRAME: FrameHeader = FrameHeader { kind: FrameKind::Header, last: true, len: 0 };

/// Returns the bytes after the first frame, if that frame is complete, of this type, and the last
/// of its message.
fn after_last_frame(bytes: &[u8], kind: FrameKind) -> Option<&[u8]> {
    let (header, rest) = bytes.split_first_chunk()?;
    let frame = FrameHeader::decode(*header).ok()?;
    if frame.kind == kind && frame.last { rest.get(frame.len as usize..) } else { None }
}

fn check_header_len(len: usize) -> Result<(), Violation> {
    if len > MAX_HEADER_LEN { Err(Violation::HeaderTooLong { limit: MAX_HEADER_LEN }) } else { Ok(()) }
}

/// A Trailer is one frame, and may be as long as a header.
fn check_trailer(frame: FrameHeader) -> Result<(), Violation> {
    if frame.last { check_header_len(frame.len as usize) } else { Err(Violation::TrailerNotFinal) }
}

fn expect(expected: FrameKind, found: FrameKind) -> Result<(), Violation> {
    if expected == found { Ok(()) } else { Err(Violation::UnexpectedFrame { expected, found }) }
}

/// Reads the rest of the present frame. On an error, what was read stays in `out`.
fn append_payload<R: Read>(frames: &mut FrameReader<R>, out: &mut Vec<u8>) -> Result<(), MessageError> {
    while frames.remaining() > 0 {
        let shown = frames.fill_payload()?;
        out.extend_from_slice(shown);
        let count = shown.len();
        frames.consume_payload(count);
    }
    Ok(())
}

fn end_of_stream(expected: &'static str) -> MessageError {
    Violation::EndOfStream { expected }.into()
}
