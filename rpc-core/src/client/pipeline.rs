//! Many small calls at once: their requests leave together, and their replies are read in order.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::SerdeArgument;
use crate::connection::{Ahead, DISCARD_BYTES, DISCARD_TIME};
use crate::error::{Error, Fate, Misuse, Operation, Result};
use crate::frame::FRAME_HEADER_LEN;
use crate::message::{DataType, Metadata, RequestHeader, json};
use crate::transport::TimeLimit;

use super::connection::ClientConnection;
use super::in_flight::LEAST_WINDOW;
use super::lease::Lease;
use super::options::{CallOptions, Deadline};

/// The replies of many calls of one endpoint, in order; see [`Client::pipeline`](crate::Client::pipeline).
///
/// Each item is one call's result. The arguments are taken as they can be sent, at most 32 KiB of requests ahead of the
/// reply that is read, so their number does not matter. When the connection breaks, the calls that were sent and not
/// answered get an error each that says that they may have run, and no further argument is taken.
///
/// Dropping it before the end throws away the replies that are on the way, within 16 MiB and 5 seconds; else the connection
/// is closed.
#[must_use = "nothing is sent before the replies are asked for"]
pub struct Pipeline<'s, I: Iterator, T> {
    lease: Lease<'s>,
    endpoint: String,
    options: Arc<CallOptions>,
    arguments: Option<I>,
    /// The JSON that stands ready is an argument that waits for room.
    waits: bool,
    calls: VecDeque<Slot>,
    /// Bytes of requests without a reply.
    out: usize,
    /// The most that these may be.
    window: usize,
    result: PhantomData<fn() -> T>,
}

/// A call whose result is owed.
enum Slot {
    /// Its request of so many bytes has been sent.
    Sent(usize),
    /// It failed before anything was sent.
    Failed(Error),
}

impl<'s, I, T> Pipeline<'s, I, T>
where
    I: Iterator,
    I::Item: Serialize,
    T: DeserializeOwned,
{
    pub(super) fn new(lease: Lease<'s>, endpoint: &str, options: Arc<CallOptions>, arguments: I) -> Self {
        Pipeline {
            lease,
            endpoint: endpoint.to_owned(),
            options,
            arguments: Some(arguments),
            waits: false,
            calls: VecDeque::new(),
            out: 0,
            window: LEAST_WINDOW,
            result: PhantomData,
        }
    }

    /// Sends what there is room for, in one write.
    fn fill(&mut self) -> Result<()> {
        let metadata = self.options.metadata_for(&tracing::Span::current()).into_owned();
        let connection = self.lease.connection();
        let deadline = self.options.deadline(connection.config.reply_timeout);
        if self.out == 0 {
            self.window =
                if connection.inbound.look_ahead() == Ahead::Nothing { connection.window() } else { LEAST_WINDOW };
        }
        // all calls of one write have the same, so it is encoded once; where it cannot be, no call can be made
        let header = connection.load_header(&self.endpoint, deadline, &metadata);
        loop {
            if !self.waits {
                let Some(argument) = self.arguments.as_mut().and_then(Iterator::next) else {
                    self.arguments = None;
                    break;
                };
                if let Err(error) = connection.make_ready(&SerdeArgument(&argument)) {
                    self.calls.push_back(Slot::Failed(error));
                    break;
                }
                self.waits = true;
            }
            if let Err(error) = header {
                self.waits = false;
                self.calls.push_back(Slot::Failed(error));
                break;
            }
            let size = connection.call_size();
            if self.out > 0 && self.out + size > self.window {
                break;
            }
            self.waits = false;
            self.out += size;
            self.calls.push_back(Slot::Sent(size));
            connection.queue_call(self.window, deadline)?;
        }
        connection
            .send_queued(self.window, deadline.at)
            .map_err(|error| Error::from_message(error.into(), Operation::Sending, deadline.limit, Fate::LOST))
    }

    fn receive(&mut self, size: usize) -> Result<T> {
        let connection = self.lease.connection();
        let limit = self.options.limit(connection.config.reply_timeout);
        let body = connection.next_reply(TimeLimit::from_first(limit), limit);
        self.out -= size;
        let bytes = connection.read_json(body?, limit)?;
        let decoded = json::decode(bytes);
        let fate = Fate { never_ran: false, connection_usable: connection.reusable() };
        decoded.map_err(|violation| Error::Protocol { violation, fate })
    }
}

impl<I, T> Iterator for Pipeline<'_, I, T>
where
    I: Iterator,
    I::Item: Serialize,
    T: DeserializeOwned,
{
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let mut failure = None;
        if self.arguments.is_some() && self.out <= self.window / 2 {
            failure = self.fill().err();
        }
        let outcome = match (self.calls.pop_front()?, failure) {
            (Slot::Failed(error), _) => Err(error),
            (Slot::Sent(_), Some(error)) => Err(error),
            (Slot::Sent(size), None) => self.receive(size),
        };
        let usable = match &outcome {
            Ok(_) => true,
            Err(error) => error.connection_usable(),
        };
        if !usable {
            // nothing more can be sent or received; what was sent may have run
            self.arguments = None;
            self.lease.connection().broken = true;
            for slot in &mut self.calls {
                if let Slot::Sent(_) = slot {
                    let error = std::io::ErrorKind::ConnectionAborted.into();
                    *slot = Slot::Failed(Error::Transport {
                        operation: Operation::WaitingForReply,
                        error,
                        fate: Fate::LOST,
                    });
                }
            }
        }
        Some(outcome)
    }
}

impl<I: Iterator, T> Drop for Pipeline<'_, I, T> {
    fn drop(&mut self) {
        let owed = self.calls.iter().filter(|slot| matches!(slot, Slot::Sent(_))).count();
        let connection = self.lease.connection();
        if !connection.broken && !connection.discard_replies(owed) {
            connection.broken = true;
        }
    }
}

impl ClientConnection {
    /// Encodes the header of calls.
    fn load_header(&mut self, endpoint: &str, deadline: Deadline, metadata: &Metadata<'_>) -> Result<()> {
        self.outbound.header.clear();
        let header = RequestHeader {
            timeout_ms: deadline.left_ms(deadline.begun, false),
            metadata: metadata.borrowed(),
            ..RequestHeader::new(endpoint, DataType::MarshaledJson, DataType::MarshaledJson)
        };
        if !header.encode(&mut self.outbound.header) {
            let problem = "endpoint and metadata take more bytes than a header holds".to_owned();
            return Err(Misuse::Encode { problem }.into());
        }
        Ok(())
    }

    /// The bytes on the wire of a call whose header and argument stand ready.
    fn call_size(&self) -> usize {
        self.outbound.header.len() + self.outbound.body.len() + 2 * FRAME_HEADER_LEN
    }

    /// Queues a call; one with a large argument, before which nothing is out, is sent at once.
    fn queue_call(&mut self, window: usize, deadline: Deadline) -> Result<()> {
        self.next_turn();
        let queued = self.outbound.queue_header().and_then(|()| {
            if self.outbound.body.len() <= window {
                self.outbound.queue_json()
            } else {
                self.outbound.set_time_limit(TimeLimit::until(deadline.at));
                self.outbound.write_json()
            }
        });
        queued.map_err(|error| Error::from_message(error.into(), Operation::Sending, deadline.limit, Fate::LOST))
    }

    /// Reads the header of the next reply that is owed; sends meanwhile what has not been sent yet.
    fn next_reply(&mut self, mut time_limit: TimeLimit, limit: Option<Duration>) -> Result<DataType> {
        if self.outbound.frames.queued() > 0 {
            time_limit = TimeLimit::until(time_limit.deadline());
            self.send_on(time_limit.deadline()).map_err(|error| {
                self.broken = true;
                Error::from_message(error.into(), Operation::WaitingForReply, limit, Fate::LOST)
            })?;
        }
        self.next_turn();
        self.inbound.set_time_limit(time_limit);
        self.next_header(limit)
    }

    /// Throws away the replies that are owed; `false` where the budget did not reach.
    fn discard_replies(&mut self, owed: usize) -> bool {
        let limit = Some(DISCARD_TIME);
        let time_limit = TimeLimit::total(limit);
        let mut left = DISCARD_BYTES;
        for _ in 0..owed {
            let Ok(body) = self.next_reply(time_limit, limit).or_else(|error| match error {
                Error::Remote(remote) if remote.fate.connection_usable => Ok(DataType::None),
                other => Err(other),
            }) else {
                return false;
            };
            match self.read_json(body, limit).map(|bytes| bytes.len() as u64) {
                Ok(count) if count <= left => left -= count,
                _ => return false,
            }
        }
        true
    }
}

impl<I: Iterator, T> fmt::Debug for Pipeline<'_, I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("endpoint", &self.endpoint)
            .field("owed", &self.calls.len())
            .field("bytes_out", &self.out)
            .finish_non_exhaustive()
    }
}
