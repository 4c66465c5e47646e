//! The frame-bridging reader: [`Read`] over the frames of one message after the other.

use std::io::{self, BufRead, Read};

use crate::frame::{FRAME_HEADER_LEN, FrameHeader, FrameKind, FrameReader};

use super::rules::{
    EXTRA_FRAME, append_payload, behind_last_frame, check_header_len, check_trailer, end_of_stream, expect,
};
use super::{MAX_HEADER_LEN, MessageError, TrailerError};

/// Reads messages. [`start_body`](MessageReader::start_body) begins a body of one message or two, and then it is a
/// [`Read`] that returns `Ok(0)` only behind a message's final frame; [`read_header`](MessageReader::read_header) reads a
/// message with a header whole.
///
/// It can be called again after an error of kind `WouldBlock` or `TimedOut` while it reads a body: nothing is lost.
#[derive(Debug)]
pub struct MessageReader<R> {
    frames: FrameReader<R>,
    body: Body,
    /// Messages of the body behind the present one.
    parts_left: u8,
    /// The last header had exactly the size behind which original senders write one more, empty, header frame.
    extra_frame_may_follow: bool,
    /// The peer's headers say that it may send Trailer frames.
    trailers_allowed: bool,
    /// What has come of a Trailer frame.
    trailer: Vec<u8>,
    /// In a frame of a header, and whether it is the last one.
    in_header: Option<bool>,
}

/// Where one stands in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// No body is open.
    Ended,
    /// Behind a message of the body, before the next.
    PartEnded,
    /// Behind a frame that was not the final one, or before the first.
    Between,
    /// In a frame.
    Inside { last: bool },
    /// In a Trailer frame.
    Trailer,
}

impl<R> MessageReader<R> {
    /// A reader that stands before a message.
    pub fn new(source: R) -> MessageReader<R> {
        MessageReader {
            frames: FrameReader::new(source),
            body: Body::Ended,
            parts_left: 0,
            extra_frame_may_follow: false,
            trailers_allowed: false,
            trailer: Vec::new(),
            in_header: None,
        }
    }

    /// Whether the body that was started has been read to its end (also if none was).
    pub fn body_ended(&self) -> bool {
        match self.body {
            Body::Ended => true,
            Body::Inside { last } => last && self.frames.remaining() == 0 && self.parts_left == 0,
            Body::PartEnded | Body::Between | Body::Trailer => false,
        }
    }

    /// Whether nothing of the body is behind the byte that was read last, or a message of it has just ended.
    fn part_ended(&self) -> bool {
        match self.body {
            Body::Ended | Body::PartEnded => true,
            Body::Inside { last } => last && self.frames.remaining() == 0,
            Body::Between | Body::Trailer => false,
        }
    }

    /// Begins a body of so many messages: the frames that come are to be Data frames. With 0 there is none.
    pub fn start_body(&mut self, parts: u8) {
        self.parts_left = parts.saturating_sub(1);
        self.body = if parts == 0 { Body::Ended } else { Body::Between };
    }

    /// Goes on to the body's next message, if the present one has been read to its end and another follows.
    pub fn next_part(&mut self) {
        if self.part_ended() && self.parts_left > 0 {
            self.parts_left -= 1;
            self.body = Body::Between;
        }
    }

    /// Whether Trailer frames are understood. Only a peer whose header said revision 1 or more may send any.
    pub fn allow_trailers(&mut self, allowed: bool) {
        self.trailers_allowed = allowed;
    }

    /// What was read ahead of the next message. The extra frame of original senders counts for nothing, also where only
    /// its start has come.
    pub fn ahead(&self) -> &[u8] {
        let ahead = self.frames.buffered();
        let is_extra = |(at, byte): (usize, &u8)| match at {
            0 => *byte == FrameKind::Header.to_wire(),
            1 => *byte != 0,
            _ => *byte == 0,
        };
        let len = ahead.len().min(FRAME_HEADER_LEN);
        let extra = self.extra_frame_may_follow && ahead[..len].iter().enumerate().all(is_extra);
        if extra { &ahead[len..] } else { ahead }
    }

    /// Whether a header and a message behind it, each in one frame, have been read ahead: a call that can be read without
    /// waiting.
    pub(crate) fn call_ahead(&self) -> bool {
        let header = behind_last_frame(self.ahead(), FrameKind::Header);
        header.and_then(|rest| behind_last_frame(rest, FrameKind::Data)).is_some()
    }

    /// The frames below.
    pub fn frames(&self) -> &FrameReader<R> {
        &self.frames
    }

    /// The frames below. Reading from them loses one's place in the message.
    pub fn frames_mut(&mut self) -> &mut FrameReader<R> {
        &mut self.frames
    }
}

impl<R: Read> MessageReader<R> {
    /// Reads a header message whole into `out`, which is cleared first. `false`, and nothing read, where the byte stream
    /// ends before it.
    ///
    /// # Errors
    /// [`Violation::HeaderTooLong`] over 4096 bytes, [`Violation::UnexpectedFrame`], [`MessageError::Reset`], and what
    /// the byte stream and its frames may have wrong.
    ///
    /// [`Violation::HeaderTooLong`]: super::Violation::HeaderTooLong
    /// [`Violation::UnexpectedFrame`]: super::Violation::UnexpectedFrame
    pub fn read_header(&mut self, out: &mut Vec<u8>) -> Result<bool, MessageError> {
        out.clear();
        self.in_header = None;
        self.resume_header(out)
    }

    /// Goes on with a header message whose reading ended with an error of kind `WouldBlock` or `TimedOut`; `out` has what came
    /// of it.
    ///
    /// # Errors
    /// As [`read_header`](MessageReader::read_header).
    pub fn resume_header(&mut self, out: &mut Vec<u8>) -> Result<bool, MessageError> {
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

    /// Passes over a Trailer frame whose start has been read ahead, where a header is expected: a cancel that came when its
    /// call was over. Tells whether there was one.
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

    /// Reads the Trailer frame that stands next, without a body: a cancel.
    ///
    /// # Errors
    /// [`Violation::UnexpectedFrame`] where another frame stands there, and as
    /// [`read_header`](MessageReader::read_header).
    ///
    /// [`Violation::UnexpectedFrame`]: super::Violation::UnexpectedFrame
    pub fn read_cancel(&mut self) -> Result<TrailerError, MessageError> {
        let frame = self.next_frame()?.ok_or_else(|| end_of_stream("a Trailer frame"))?;
        expect(FrameKind::Trailer, frame.kind)?;
        self.read_trailer_frame(frame)
    }

    /// Reads the body that was started whole into `out`, which is cleared first. Memory grows with the bytes that come,
    /// not with those announced.
    ///
    /// # Errors
    /// [`MessageError::TooLong`] over `limit` bytes, with the rest unread; those of
    /// [`read_message`](MessageReader::read_message).
    pub fn read_body(&mut self, limit: usize, out: &mut Vec<u8>) -> Result<(), MessageError> {
        out.clear();
        self.resume_body(limit, out)
    }

    /// Goes on with a body whose reading ended with an error of kind `WouldBlock` or `TimedOut`; `out` has what came of it.
    ///
    /// # Errors
    /// As [`read_body`](MessageReader::read_body).
    pub fn resume_body(&mut self, limit: usize, out: &mut Vec<u8>) -> Result<(), MessageError> {
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

    /// As [`Read::read`], with the error as it is.
    ///
    /// # Errors
    /// [`Violation::UnexpectedFrame`], [`Violation::EndOfStream`], [`MessageError::Reset`], and what the byte stream and
    /// its frames may have wrong.
    ///
    /// [`Violation::UnexpectedFrame`]: super::Violation::UnexpectedFrame
    /// [`Violation::EndOfStream`]: super::Violation::EndOfStream
    pub fn read_message(&mut self, out: &mut [u8]) -> Result<usize, MessageError> {
        if out.is_empty() || !self.advance()? {
            return Ok(0);
        }
        Ok(self.frames.read_payload(out)?)
    }

    /// Takes payload by a function of the caller's, as [`FrameReader::take_payload`]; 0 at the end of the message. `None` where some
    /// was read ahead, or the present frame has less than `least` bytes left: then it is to be read.
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

    /// As [`BufRead::fill_buf`], with the error as it is.
    ///
    /// # Errors
    /// Those of [`read_message`](MessageReader::read_message).
    pub fn fill_message(&mut self) -> Result<&[u8], MessageError> {
        if !self.advance()? {
            return Ok(&[]);
        }
        Ok(self.frames.fill_payload()?)
    }

    /// As [`BufRead::consume`].
    ///
    /// # Panics
    /// If `count` is more than was shown.
    pub fn consume_message(&mut self, count: usize) {
        if count > 0 {
            self.frames.consume_payload(count);
        }
    }

    /// Passes over what is left of the body as far as it was read ahead; tells whether that is all of it. A Trailer frame
    /// ends it as well.
    ///
    /// # Errors
    /// Those of [`read_message`](MessageReader::read_message), but a Trailer.
    pub fn skip_read_ahead(&mut self) -> Result<bool, MessageError> {
        loop {
            self.next_part();
            if self.body != Body::Trailer {
                let shown = self.frames.buffered().len().min(self.frames.remaining() as usize);
                self.frames.consume_payload(shown);
                self.next_part();
            }
            if self.body_ended() || self.extra_frame_may_follow || !self.step_within_read_ahead()? {
                return Ok(self.body_ended());
            }
        }
    }

    /// Goes on by one frame, or to the end of a Trailer frame, if all that takes was read ahead; tells whether it was.
    fn step_within_read_ahead(&mut self) -> Result<bool, MessageError> {
        let ahead = self.frames.buffered().len();
        if self.body == Body::Trailer {
            let whole = ahead >= self.frames.remaining() as usize;
            if whole {
                self.read_trailer()?;
            }
            return Ok(whole);
        }
        if self.frames.peek_frame()?.is_none() {
            return Ok(false);
        }
        if let Some(frame) = self.next_frame()? {
            self.body = self.enter(frame)?;
        }
        Ok(true)
    }

    /// Goes on to a frame with payload left; `false` at the end of a message. Empty frames are passed over.
    fn advance(&mut self) -> Result<bool, MessageError> {
        loop {
            match self.body {
                Body::Ended | Body::PartEnded => return Ok(false),
                Body::Inside { .. } if self.frames.remaining() > 0 => return Ok(true),
                Body::Inside { last: true } if self.parts_left == 0 => self.body = Body::Ended,
                Body::Inside { last: true } => self.body = Body::PartEnded,
                Body::Inside { last: false } => self.body = Body::Between,
                Body::Between => {
                    let frame = self.next_frame()?.ok_or_else(|| end_of_stream("the next frame of a body"))?;
                    self.body = self.enter(frame)?;
                }
                Body::Trailer => return Err(self.read_trailer()?),
            }
        }
    }

    /// What a frame means in a body.
    fn enter(&mut self, frame: FrameHeader) -> Result<Body, MessageError> {
        if frame.kind != FrameKind::Trailer || !self.trailers_allowed {
            expect(FrameKind::Data, frame.kind)?;
            return Ok(Body::Inside { last: frame.last });
        }
        check_trailer(frame)?;
        self.trailer.clear();
        Ok(Body::Trailer)
    }

    /// Reads the rest of a Trailer frame, which ends the body.
    fn read_trailer(&mut self) -> Result<MessageError, MessageError> {
        append_payload(&mut self.frames, &mut self.trailer)?;
        (self.body, self.parts_left) = (Body::Ended, 0);
        let trailer = TrailerError::decode(&self.trailer)?;
        self.trailer = Vec::new();
        Ok(MessageError::Trailer(Box::new(trailer)))
    }

    /// The next frame, which may not be a Reset. The extra frame of original senders is skipped.
    fn next_frame(&mut self) -> Result<Option<FrameHeader>, MessageError> {
        let Some(mut frame) = self.frames.next_frame()? else { return Ok(None) };
        if std::mem::take(&mut self.extra_frame_may_follow) && frame == EXTRA_FRAME {
            match self.frames.next_frame()? {
                Some(next) => frame = next,
                None => return Ok(None),
            }
        }
        if frame.kind == FrameKind::Reset { Err(MessageError::Reset) } else { Ok(Some(frame)) }
    }

    /// Reads a Trailer frame behind a request's body.
    fn read_trailer_frame(&mut self, frame: FrameHeader) -> Result<TrailerError, MessageError> {
        check_trailer(frame)?;
        let mut bytes = Vec::new();
        append_payload(&mut self.frames, &mut bytes)?;
        Ok(TrailerError::decode(&bytes)?)
    }
}

impl<R: Read> Read for MessageReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Ok(self.read_message(out)?)
    }
}

impl<R: Read> BufRead for MessageReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.fill_message()?)
    }

    fn consume(&mut self, amount: usize) {
        self.consume_message(amount);
    }
}
