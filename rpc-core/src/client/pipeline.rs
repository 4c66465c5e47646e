//! Many small calls at once: their requests leave together, and their replies are read in order.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::Argument;
use crate::connection::{Ahead, DISCARD_BYTES, DISCARD_TIME};
use crate::error::{Error, Fate, Operation, Result};
use crate::frame::FrameError;
use crate::message::json;
use crate::transport::TimeLimit;

use super::Client;
use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::in_flight::{EncodedRequest, LEAST_WINDOW, WINDOW, error_behind};
use super::lease::Lease;
use super::options::CallOptions;
use super::reply::of_endpoint;
use super::request::Request;
use super::watched::{WatchedCall, call_span};

/// The replies of many calls of one endpoint, in order; see
/// [`Client::pipeline`](crate::Client::pipeline).
///
/// Each item is one call's result. Reading an item blocks until its reply has arrived. Arguments
/// are taken when they can be sent, at most 32 KiB of requests ahead of the reply that is read, so
/// any number of them is possible. If the connection breaks, each call that was sent and not
/// answered gets an error, and no further argument is taken. The error says that the call may have
/// run, unless the server has said that it did not.
///
/// Dropping it before the end discards the replies that are on their way, at most 16 MiB and for at
/// most 5 seconds; if that is not enough, the connection is closed.
#[must_use = "nothing is sent until the first reply is read"]
pub struct Pipeline<'s, I: Iterator, T> {
    lease: Lease,
    endpoint: String,
    options: Arc<CallOptions>,
    arguments: Option<I>,
    /// Whether each argument is an object of parameters.
    named: bool,
    /// The header of the calls, without the time left.
    header: Vec<u8>,
    /// The JSON of the current argument; `json_waits` if it waits for room in the window.
    json: Vec<u8>,
    json_waits: bool,
    /// The calls whose results have not been returned yet.
    calls: VecDeque<PipelinedCall>,
    /// Bytes of requests without a reply.
    bytes_in_flight: usize,
    /// The most bytes of requests that may be without a reply.
    window: usize,
    /// What has ended the connection, for the calls that were in flight then.
    ended_by: Option<Error>,
    /// The name of the service whose calls these are, if it is known.
    service: Option<&'static str>,
    types: PhantomData<fn() -> (&'s mut (), T)>,
}

/// A call whose result has not been returned yet.
struct PipelinedCall {
    /// The number of bytes of its request, or its error if it failed before anything was sent.
    sent: Result<usize>,
    /// The call, if somebody wants to know about it.
    watched: Option<Box<WatchedCall>>,
}

impl PipelinedCall {
    fn new(
        connection: &mut ClientConnection,
        (service, endpoint): (Option<&'static str>, &str),
        sent: Result<usize>,
    ) -> PipelinedCall {
        let mut watched = WatchedCall::begin(&connection.settings.observer, service, endpoint, &call_span(endpoint));
        if let Some(watched) = &mut watched {
            watched.connected(connection);
            match &sent {
                Ok(size) => watched.seen.sent(*size as u64),
                Err(error) => watched.failed(error),
            }
        }
        PipelinedCall { sent, watched }
    }

    /// Its reply has been read, or reading it has failed.
    fn received(&mut self, connection: &ClientConnection) {
        if let Some(watched) = &mut self.watched {
            watched.seen.received(connection);
        }
    }
}

impl<I, T> Pipeline<'_, I, T>
where
    I: Iterator,
    I::Item: Serialize,
    T: DeserializeOwned,
{
    pub(super) fn new(client: &Client, lease: Lease, endpoint: &str, arguments: I) -> Self {
        Pipeline {
            lease,
            endpoint: endpoint.to_owned(),
            options: Arc::clone(&client.options),
            service: client.service,
            arguments: Some(arguments),
            named: false,
            header: Vec::new(),
            json: Vec::new(),
            json_waits: false,
            calls: VecDeque::new(),
            bytes_in_flight: 0,
            window: 0,
            ended_by: None,
            types: PhantomData,
        }
    }

    /// Sends each argument as an object of parameters, as
    /// [`CallBuilder::with_named`](crate::CallBuilder::with_named) does. Requests that have been
    /// sent do not change.
    pub fn named(mut self) -> Self {
        self.named = true;
        self
    }

    /// Sends as many requests as the window has room for, in one write.
    fn fill(&mut self) -> Result<()> {
        let connection = self.lease.connection();
        let deadline = self.options.deadline(connection.settings.reply_timeout);
        if self.window < WINDOW {
            let blind = connection.inbound.look_ahead() == Ahead::Blind;
            self.window = if blind { LEAST_WINDOW } else { connection.window() };
        }
        let metadata = self.options.metadata_for(&tracing::Span::current());
        // all calls of one write have the same header; if it cannot be encoded, no call can be made
        let any = Argument::serde(&()).named(self.named);
        let request = Request::of_json(&self.endpoint, Some(&any), deadline, &metadata);
        let mut encoded = request.encode_header(&mut self.header);
        let timeout_ms = request.timeout_ms(deadline.begun);
        while let Some(arguments) = &mut self.arguments {
            if !self.json_waits {
                let Some(argument) = arguments.next() else {
                    self.arguments = None;
                    break;
                };
                let argument = Argument::serde(&argument).named(self.named);
                let request = Request::of_json(&self.endpoint, Some(&argument), deadline, &metadata);
                let limit = connection.settings.max_json_len;
                encoded = encoded.and_then(|()| request.encode_json(limit, &mut self.json));
            }
            let name = (self.service, self.endpoint.as_str());
            if let Err(error) = encoded {
                self.json_waits = false;
                self.calls.push_back(PipelinedCall::new(connection, name, Err(error)));
                break;
            }
            let call = EncodedRequest { header: &self.header, json: &self.json, timeout_ms };
            let size = call.len();
            self.json_waits = self.bytes_in_flight > 0 && self.bytes_in_flight + size > self.window;
            if self.json_waits {
                break;
            }
            self.bytes_in_flight += size;
            self.calls.push_back(PipelinedCall::new(connection, name, Ok(size)));
            connection.queue_request(call, deadline).map_err(|error| sending_failed(error, deadline))?;
        }
        let sent = connection.send_queued(self.window, TimeLimit::Until(deadline.at));
        // the replies will show any other failure
        sent.map(drop).map_err(|error| sending_failed(error, deadline))
    }

    fn receive(&mut self, call: &mut PipelinedCall, size: usize) -> Result<T> {
        let connection = self.lease.connection();
        let limit = self.options.limit(connection.settings.reply_timeout);
        let received = connection.next_reply(TimeLimit::FromFirst(limit), limit);
        call.received(connection);
        self.bytes_in_flight -= size;
        received.map_err(|error| self.lease.or_cancelled(error))?;
        let connection = self.lease.connection();
        let decoded = json::decode(&connection.received_json);
        decoded.map_err(|violation| of_endpoint(connection.malformed(violation), &self.endpoint))
    }
}

fn sending_failed(error: FrameError, deadline: Deadline<'_>) -> Error {
    Error::from_message(error.into(), Operation::Sending, deadline.limit, Fate::LOST)
}

impl<I, T> Iterator for Pipeline<'_, I, T>
where
    I: Iterator,
    I::Item: Serialize,
    T: DeserializeOwned,
{
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        self.lease.note_thread();
        let mut failure = None;
        if self.lease.connection().is_cancelled() {
            failure = Some(Error::Cancelled { operation: Operation::WaitingForReply, fate: Fate::LOST });
        } else if self.arguments.is_some() && self.bytes_in_flight <= self.window / 2 {
            failure = self.fill().err().map(|error| self.lease.or_cancelled(error));
        }
        let Some(mut call) = self.calls.pop_front() else {
            // calls that were never made must not look like the end
            let failure = failure.filter(|_| self.arguments.take().is_some())?;
            return Some(Err(self.lease.or_cancelled(failure.with_fate(Fate::UNTOUCHED))));
        };
        let outcome = match (std::mem::replace(&mut call.sent, Ok(0)), failure, &self.ended_by) {
            (Err(error), ..) | (Ok(_), Some(error), _) => Err(error),
            (Ok(_), None, Some(error)) => Err(error_behind(error)),
            (Ok(size), None, None) => self.receive(&mut call, size),
        };
        if let Err(error) = &outcome {
            call.watched.iter_mut().for_each(|watched| watched.failed(error));
            if !error.connection_usable() && self.ended_by.is_none() {
                self.arguments = None;
                self.lease.connection().break_by(error);
                self.ended_by = Some(error.repeated());
            }
        }
        Some(outcome)
    }
}

impl<I: Iterator, T> Drop for Pipeline<'_, I, T> {
    fn drop(&mut self) {
        self.lease.note_thread();
        self.lease.connection().discard_replies(&mut self.calls);
    }
}

impl ClientConnection {
    /// Reads the next reply, which is JSON, and meanwhile sends queued requests.
    fn next_reply(&mut self, mut time_limit: TimeLimit, limit: Option<Duration>) -> Result<()> {
        self.expect_reply();
        if !self.outbound.frames.is_sent() {
            time_limit = TimeLimit::Until(time_limit.deadline());
            self.send_until_reply(time_limit.deadline())
                .map_err(|error| Error::from_message(error.into(), Operation::WaitingForReply, limit, Fate::LOST))?;
        }
        self.inbound.set_time_limit(time_limit);
        let read = self.resume_reply()?;
        self.or_deadline_error(read, limit)
    }

    /// Discards the replies to calls. If they exceed the budget or reading fails, the connection is
    /// broken.
    fn discard_replies(&mut self, calls: &mut VecDeque<PipelinedCall>) {
        let time_limit = TimeLimit::total(Some(DISCARD_TIME));
        let mut left = DISCARD_BYTES;
        for mut call in calls.drain(..) {
            if self.is_broken() || call.sent.is_err() {
                continue;
            }
            let reply = self.next_reply(time_limit, None);
            call.received(self);
            let len = match reply {
                Ok(()) => self.received_json.len() as u64,
                Err(error) if error.connection_usable() => 0,
                Err(error) => {
                    self.break_by(&error);
                    continue;
                }
            };
            match left.checked_sub(len) {
                Some(rest) => left = rest,
                None => self.give_up(),
            }
        }
    }
}

impl<I: Iterator, T> fmt::Debug for Pipeline<'_, I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("endpoint", &self.endpoint)
            .field("pending_calls", &self.calls.len())
            .field("bytes_in_flight", &self.bytes_in_flight)
            .finish_non_exhaustive()
    }
}
