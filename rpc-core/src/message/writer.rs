//! Writing the end of a body.

use std::io::Write;

use crate::frame::{FrameError, FrameKind, FrameWriter, MAX_PAYLOAD_LEN};

impl<W: Write> FrameWriter<W> {
    /// Ends a body with these bytes, in one Data frame with the final flag, or several over 4 MiB.
    /// A body that does not end like this stays open, so that no reader takes it for complete.
    ///
    /// # Errors
    /// Those of the byte stream.
    pub fn finish_body(&mut self, mut rest: &[u8]) -> Result<(), FrameError> {
        while let Some((chunk, more)) = rest.split_at_checked(MAX_PAYLOAD_LEN as usize)
            && !more.is_empty()
        {
            self.write(FrameKind::Data, false, chunk)?;
            rest = more;
        }
        self.write(FrameKind::Data, true, rest)
    }
}
