//! The octets of a request, as its handler reads them.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::ItemCodec;
use crate::connection::Target;
use crate::error::{Error, Fate, Misuse, Operation, Result};
use crate::stream::{OctetReader, Receive, Source, ValueReader};
use crate::transport::{Filled, TimeLimit};

use super::connection::SharedReceiving;
use super::exchange::Exchange;
use crate::lock::lock;

/// Bytes that are read ahead for a handler that looks at them before it takes them.
const READ_AHEAD: usize = 8 * 1024;

/// The request of one call on a connection that other threads use as well.
pub(super) struct RequestOctets {
    shared: Arc<SharedReceiving>,
    stall: Option<Duration>,
    /// What was read ahead. The connection's own read-ahead cannot be lent to a handler, because
    /// its lock cannot.
    ahead: VecDeque<u8>,
}

impl Exchange<'_> {
    /// Returns a reader of the request's octets, which are the body's second message if there is
    /// JSON before them.
    pub(super) fn request_reader(&self) -> OctetReader<'static> {
        let shared = self.connection.inbound.share();
        self.connection.inbound.with(|receiving| receiving.inbound().messages.next_part());
        let stall = self.connection.config.stall_timeout;
        OctetReader::new(RequestOctets { shared, stall, ahead: VecDeque::new() }, None)
    }

    /// Returns a reader of the values that the request's octets are.
    pub(super) fn request_values<T, E>(&self, codec: &ItemCodec<T, E>) -> ValueReader<'static, T, E> {
        let name = format!("the request of {}", self.header.endpoint);
        let limit = self.connection.config.max_json_len;
        ValueReader::new(self.request_reader(), limit, name, codec.value.decode, codec.error.from_call)
    }
}

impl RequestOctets {
    fn receive_now(&self, mut target: Target<'_>) -> Result<Filled> {
        let mut receiving = lock(&self.shared.receiving);
        if receiving.request_over {
            return Err(Misuse::CallIsOver.into());
        }
        receiving.inbound().set_time_limit(TimeLimit::total(self.stall));
        receiving.inbound().receive(&mut target).map_err(|error| {
            let error = Error::from_message(error, Operation::ReadingRequest, self.stall, Fate::LOST);
            // a request that its sender ended by a Trailer is not broken
            if !matches!(error, Error::Remote(_)) {
                // the first reason stays
                _ = self.shared.failed.set(error.repeated());
            }
            error
        })
    }

    fn fill(&mut self) -> Result<Filled> {
        let mut ahead = Vec::from(std::mem::take(&mut self.ahead));
        ahead.resize(READ_AHEAD, 0);
        let filled = self.receive_now(Target::Buffer(&mut ahead));
        ahead.truncate(if let Ok(Filled::With(count)) = filled { count } else { 0 });
        self.ahead = ahead.into();
        filled
    }
}

impl Receive for RequestOctets {
    fn receive(&mut self, target: Target<'_>, _source: Option<&mut Source<'_>>) -> Result<Filled> {
        if !self.ahead.is_empty() && lock(&self.shared.receiving).request_over {
            self.ahead.clear();
        }
        match target {
            Target::ReadAhead if self.ahead.is_empty() => self.fill(),
            target if self.ahead.is_empty() => self.receive_now(target),
            Target::ReadAhead => Ok(Filled::With(self.ahead.len())),
            Target::Pipe(..) => Ok(Filled::NotNow),
            // reading from memory cannot fail
            Target::Buffer(buffer) => Ok(Filled::With(self.ahead.read(buffer).unwrap_or_default())),
        }
    }

    fn read_ahead(&mut self, count: usize) -> &[u8] {
        // it was filled at once, so it is one slice
        &self.ahead.as_slices().0[..count]
    }

    fn consume(&mut self, count: usize) {
        self.ahead.drain(..count.min(self.ahead.len()));
    }

    fn fate(&mut self) -> Fate {
        Fate::IN_STEP
    }

    fn give_up(&mut self, _error: &Error) -> Fate {
        // what is left is thrown away when the reply begins
        Fate::IN_STEP
    }
}
