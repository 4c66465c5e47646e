//! The frame-bridging reader: [`Read`] over the frames of one message after the other.

use std::io::{self, BufRead, Read};

use crate::frame::{FRAME_HEADER_LEN, FrameHeader, FrameKind, FrameReader};

use super::{MAX_HEADER_LEN, MessageError, Violation};

/// Reads messages. [`start_body`](MessageReader::start_body) begins one with raw bytes or JSON, and then it is a [`Read`]
/// that returns `Ok(0)` only behind the message's final frame; [`read_header`](MessageReader::read_header) reads one with
/// a header whole.
#[derive(Debug)]
pub struct MessageReader<R> {
    frames: FrameReader<R>,
    body: Body,
    /// The last header had exactly the size behind which original senders write one more, empty, header frame.
    extra_frame_may_follow: bool,
}

/// Where one stands in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// No body is open.
    Ended,
    /// Behind a frame that was not the final one, or before the first.
    Between,
    /// In a frame.
    Inside { last: bool },
}

impl<R> MessageReader<R> {
    /// A reader that stands before a message.
    pub fn new(source: R) -> MessageReader<R> {
        MessageReader { frames: FrameReader::new(source), body: Body::Ended, extra_frame_may_follow: false }
    }

    /// Whether the body that was started has been read to its end (also if none was).
    pub fn body_ended(&self) -> bool {
        match self.body {
            Body::Ended => true,
            Body::Inside { last } => last && self.frames.remaining() == 0,
            Body::Between => false,
        }
    }

    /// Begins a body: the frames that come are to be Data frames.
    pub fn start_body(&mut self) {
        self.body = Body::Between;
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
    pub fn read_header(&mut self, out: &mut Vec<u8>) -> Result<bool, MessageError> {
        out.clear();
        loop {
            let Some(frame) = self.next_frame(FrameKind::Header)? else {
                return if out.is_empty() { Ok(false) } else { Err(end_of_stream("the rest of a header")) };
            };
            if out.len() + frame.len as usize > MAX_HEADER_LEN {
                return Err(Violation::HeaderTooLong { limit: MAX_HEADER_LEN }.into());
            }
            self.append_payload(out)?;
            if frame.last {
                self.extra_frame_may_follow = out.len() == MAX_HEADER_LEN;
                return Ok(true);
            }
        }
    }

    /// Reads the body that was started whole into `out`, which is cleared first. Memory grows with the bytes that come,
    /// not with those announced.
    ///
    /// # Errors
    /// [`MessageError::TooLong`] over `limit` bytes, with the rest unread; those of
    /// [`read_message`](MessageReader::read_message).
    pub fn read_body(&mut self, limit: usize, out: &mut Vec<u8>) -> Result<(), MessageError> {
        out.clear();
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
    pub fn read_message(&mut self, out: &mut [u8]) -> Result<usize, MessageError> {
        if out.is_empty() || !self.advance()? {
            return Ok(0);
        }
        Ok(self.frames.read_payload(out)?)
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

    /// Passes over what is left of the body as far as it was read ahead; tells whether that is all of it.
    ///
    /// # Errors
    /// Those of [`read_message`](MessageReader::read_message).
    pub fn skip_read_ahead(&mut self) -> Result<bool, MessageError> {
        loop {
            if self.body_ended() {
                return Ok(true);
            }
            let shown = self.frames.buffered().len().min(self.frames.remaining() as usize);
            self.frames.consume_payload(shown);
            let goes_on = self.frames.peek_frame()?.is_some() && !self.extra_frame_may_follow;
            if !goes_on || self.body_ended() {
                return Ok(self.body_ended());
            }
            self.advance()?;
        }
    }

    /// Goes on to a frame with payload left; `false` at the end of the body. Empty frames are passed over.
    fn advance(&mut self) -> Result<bool, MessageError> {
        loop {
            match self.body {
                Body::Ended => return Ok(false),
                Body::Inside { .. } if self.frames.remaining() > 0 => return Ok(true),
                Body::Inside { last: true } => self.body = Body::Ended,
                Body::Inside { last: false } => self.body = Body::Between,
                Body::Between => {
                    let frame =
                        self.next_frame(FrameKind::Data)?.ok_or_else(|| end_of_stream("the next frame of a body"))?;
                    self.body = Body::Inside { last: frame.last };
                }
            }
        }
    }

    /// The next frame, which has to be of this type. The extra frame of original senders is skipped.
    fn next_frame(&mut self, expected: FrameKind) -> Result<Option<FrameHeader>, MessageError> {
        let Some(mut frame) = self.frames.next_frame()? else { return Ok(None) };
        if std::mem::take(&mut self.extra_frame_may_follow)
            && frame == (FrameHeader { kind: FrameKind::Header, last: true, len: 0 })
        {
            match self.frames.next_frame()? {
                Some(next) => frame = next,
                None => return Ok(None),
            }
        }
        match frame.kind {
            FrameKind::Reset => Err(MessageError::Reset),
            found if found == expected => Ok(Some(frame)),
            found => Err(Violation::UnexpectedFrame { expected, found }.into()),
        }
    }

    fn append_payload(&mut self, out: &mut Vec<u8>) -> Result<(), MessageError> {
        while self.frames.remaining() > 0 {
            let shown = self.frames.fill_payload()?;
            out.extend_from_slice(shown);
            let count = shown.len();
            self.frames.consume_payload(count);
        }
        Ok(())
    }
}

fn end_of_stream(expected: &'static str) -> MessageError {
    Violation::EndOfStream { expected }.into()
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
