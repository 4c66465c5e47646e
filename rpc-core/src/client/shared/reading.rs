//! A reply whose reading may end in the middle, when there is something to send, and go on later.

use std::io;

use crate::connection::Inbound;
use crate::error::Error;
use crate::message::{DataType, MessageError};
use crate::transport::TimeLimit;

use super::super::connection::ClientConnection;

/// How far a reply has been read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Progress {
    #[default]
    Before,
    InHeader,
    InBody(DataType),
}

/// What an attempt to read a reply has come to.
pub(super) enum Read {
    /// The time is over, or no more has come yet.
    NotYet,
    /// The reply's JSON stands in the connection's buffer.
    Reply,
    Failed(Error),
}

impl ClientConnection {
    /// Reads the reply that is owed next, within the time limit that is set.
    pub(super) fn resume_reply(&mut self, progress: &mut Progress) -> Read {
        if matches!(progress, Progress::Before) {
            self.next_turn();
            self.inbound.header.clear();
            *progress = Progress::InHeader;
        }
        if matches!(progress, Progress::InHeader) {
            let mut header = std::mem::take(&mut self.inbound.header);
            let read = self.inbound.messages.resume_header(&mut header);
            let waits = read.as_ref().is_err_and(|error| self.is_wait(error));
            let judged = if waits { Ok(DataType::None) } else { self.judge_header(read, &header, None) };
            self.inbound.header = header;
            match judged {
                _ if waits => return Read::NotYet,
                Ok(body) => {
                    self.inbound.body.clear();
                    *progress = Progress::InBody(body);
                }
                Err(error) => {
                    *progress = Progress::Before;
                    return Read::Failed(error);
                }
            }
        }
        if let Progress::InBody(body) = *progress {
            if !body.has_body() {
                self.inbound.body.extend_from_slice(b"null");
            } else {
                let Inbound { messages, body: bytes, .. } = &mut self.inbound;
                let read = messages.resume_body(self.config.max_json_len, bytes);
                if read.as_ref().is_err_and(|error| self.is_wait(error)) {
                    return Read::NotYet;
                }
                if let Err(error) = self.judge_json(read, body, None) {
                    *progress = Progress::Before;
                    return Read::Failed(error);
                }
            }
        }
        *progress = Progress::Before;
        Read::Reply
    }

    /// Whether there is only nothing to read at present. Of an attempt that does not wait, a
    /// transport may not be capable.
    fn is_wait(&self, error: &MessageError) -> bool {
        let MessageError::Io(error) = error else { return false };
        let at_once = matches!(self.inbound.messages.frames().get_ref().time_limit, TimeLimit::Now(_));
        match error.kind() {
            io::ErrorKind::TimedOut => true,
            io::ErrorKind::WouldBlock | io::ErrorKind::Unsupported => at_once,
            _ => false,
        }
    }
}
