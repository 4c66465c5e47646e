//! The frame-bridging writer: a [`Write`] that cuts a body into frames.

use std::io::{self, Write};

use crate::frame::{FrameError, FrameKind, FrameWriter, MAX_PAYLOAD_LEN};

use super::MessageError;

/// Writes one body.
///
/// Each [`write`](Write::write) becomes one Data frame at once (nothing is held back), or several
/// over 4 MiB; an empty one sends nothing. The body is complete only after
/// [`finish`](MessageWriter::finish) or [`finish_with`](MessageWriter::finish_with). Dropping the
/// writer without them leaves the body open, so that no reader takes it for complete.
#[derive(Debug)]
pub struct MessageWriter<'w, W> {
    frames: &'w mut FrameWriter<W>,
}

impl<'w, W: Write> MessageWriter<'w, W> {
    /// Begins a body, or continues one. What `frames` has queued is sent with the first frame.
    pub fn new(frames: &'w mut FrameWriter<W>) -> MessageWriter<'w, W> {
        MessageWriter { frames }
    }

    /// Ends the body with an empty final frame.
    ///
    /// # Errors
    /// Those of the byte stream.
    pub fn finish(self) -> Result<(), FrameError> {
        self.finish_with(&[])
    }

    /// Ends the body with these bytes. The last frame that holds some has the final flag.
    ///
    /// # Errors
    /// Those of the byte stream.
    pub fn finish_with(mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let last = match bytes.len() % MAX_PAYLOAD_LEN as usize {
            0 => bytes.len().min(MAX_PAYLOAD_LEN as usize),
            rest => rest,
        };
        let (before, last) = bytes.split_at(bytes.len() - last);
        self.write_frames(before)?;
        self.frames.write(FrameKind::Data, true, last)
    }

    fn write_frames(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        bytes.chunks(MAX_PAYLOAD_LEN as usize).try_for_each(|chunk| self.frames.write(FrameKind::Data, false, chunk))
    }
}

impl<W: Write> Write for MessageWriter<'_, W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_frames(buf).map_err(MessageError::from)?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
