//! Receiving the raw bytes of a body.

use crate::message::MessageError;
use crate::transport::{Filled, KernelPipe, limit_has_passed};

use super::{Ahead, Inbound};

/// Bytes that are left of a frame for the kernel to move them: two system calls cost as much as
/// copying this many.
const WORTH_MOVING: u32 = 32 * 1024;

/// Where received bytes go.
pub(crate) enum Target<'a> {
    /// A buffer, which is not empty.
    Buffer(&'a mut [u8]),
    /// The read-ahead of the connection, where they can be looked at.
    ReadAhead,
    /// A pipe, which is empty, and at most this many bytes.
    Pipe(&'a mut KernelPipe, usize),
}

impl Inbound {
    /// Receives bytes of the body, within the current time limit. `With(0)` is the end of the
    /// message, and only that. A pipe takes only what has not been read ahead, of large frames.
    pub(crate) fn receive(&mut self, target: &mut Target<'_>) -> Result<Filled, MessageError> {
        match target {
            Target::Buffer(buffer) => self.messages.read_message(buffer).map(Filled::With),
            Target::ReadAhead => self.messages.fill_message().map(|ahead| Filled::With(ahead.len())),
            Target::Pipe(pipe, len) => {
                let moved =
                    self.messages.take_message(WORTH_MOVING, |source, left| source.read_to_pipe(pipe, left.min(*len)));
                match moved {
                    Ok(None) => Ok(Filled::NotNow),
                    Ok(Some(count)) => Ok(Filled::With(count)),
                    // fewer bytes than were waited for may have come
                    Err(MessageError::Io(error)) if limit_has_passed(&error) && self.look_ahead() == Ahead::Bytes => {
                        Ok(Filled::NotNow)
                    }
                    Err(MessageError::Io(error)) => Ok(Filled::by(Err(error))?),
                    Err(error) => Err(error),
                }
            }
        }
    }
}
