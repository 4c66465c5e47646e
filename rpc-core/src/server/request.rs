//! A request of raw bytes.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::connection::Inbound;
use crate::error::{Error, Fate, Misuse, Operation};
use crate::message::MessageError;
use crate::stream::KnownSource;
use crate::transport::{Filled, KernelPipe, TimeLimit};

use super::exchange::{Receiving, lock};

/// The bytes of a request, as they come: what a handler gets for its `impl Read`.
///
/// A read returns `Ok(0)` only behind the stream's final frame. A client whose own source fails says so, and the read fails
/// with its text. Whatever else cuts the stream is an error, too; each is an [`io::Error`] that wraps an [`Error`], and each
/// later read repeats it. A handler that overlooks it cannot make the caller believe that all went well: nothing is answered
/// to a request that broke. The reader may go to another thread and outlive the call, but behind the call's end each read is
/// [`Misuse::CallIsOver`](crate::Misuse::CallIsOver). Reading blocks, but no longer than the server's stall limit.
pub struct RequestReader {
    receiving: Arc<Mutex<Receiving>>,
    call: u64,
    stall: Option<Duration>,
    end: Option<End>,
}

/// How the stream ended.
enum End {
    Complete,
    /// It is broken, or the client stopped it and said why.
    Failed(Error),
}

impl RequestReader {
    pub(super) fn new(receiving: Arc<Mutex<Receiving>>, call: u64, stall: Option<Duration>) -> RequestReader {
        RequestReader { receiving, call, stall, end: None }
    }
}

impl RequestReader {
    /// Runs one step on the connection, unless the stream or the call is over. `end` says that it has met the end.
    fn run<T: PartialEq>(
        &mut self,
        end: T,
        step: impl FnOnce(&mut Inbound) -> Result<T, MessageError>,
    ) -> io::Result<T> {
        match &self.end {
            None => {}
            Some(End::Complete) => return Ok(end),
            Some(End::Failed(error)) => return Err(error.repeated().into()),
        }
        let mut receiving = lock(&self.receiving);
        if receiving.call != self.call {
            return Err(Error::from(Misuse::CallIsOver).into());
        }
        receiving.inbound().set_time_limit(TimeLimit::total(self.stall));
        let error = match step(receiving.inbound()) {
            Ok(gained) => {
                if gained == end {
                    self.end = Some(End::Complete);
                }
                return Ok(gained);
            }
            Err(MessageError::Trailer(trailer)) => Error::Remote((*trailer).into()),
            Err(error) => {
                let error = Error::from_message(error, Operation::ReadingRequest, self.stall, Fate::LOST);
                receiving.fail(error.repeated());
                error
            }
        };
        self.end = Some(End::Failed(error.repeated()));
        Err(error.into())
    }
}

impl Read for RequestReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.run(0, |inbound| inbound.messages.read_message(buf))
    }
}

impl KnownSource for RequestReader {
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    fn shown(&self) -> &[u8] {
        &[]
    }

    fn consume(&mut self, _count: usize) {}

    fn fill(&mut self, pipe: &mut KernelPipe, len: usize) -> io::Result<Filled> {
        self.run(Filled::With(0), |inbound| inbound.body_to_pipe(pipe, len))
    }
}

impl fmt::Debug for RequestReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestReader").field("ended", &self.end.is_some()).finish_non_exhaustive()
    }
}
