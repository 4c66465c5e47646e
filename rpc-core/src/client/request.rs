//! A request: its parts, and how its header and its JSON are encoded.

use std::time::{Duration, Instant};

use crate::codec::{Encode, Form, JsonArguments, NO_PARAMETERS};
use crate::error::{Error, Fate, Misuse, Result};
use crate::message::json::JsonBuffer;
use crate::message::{DataType, MAX_HEADER_LEN_WRITTEN, Metadata, RequestHeader, timeout_len};
use crate::stream::Source;

use super::deadline::Deadline;
use super::watched::WatchedCall;

/// A request, for any connection.
pub(super) struct Request<'a, 's> {
    pub(super) endpoint: &'a str,
    /// The endpoint is one of the protocol's own, not a method.
    pub(super) control: bool,
    /// The JSON part; `None` if the request has only octets.
    pub(super) json: Option<&'a dyn Encode>,
    /// The octets part.
    pub(super) octets: Option<&'a mut Source<'s>>,
    pub(super) accept: DataType,
    pub(super) deadline: Deadline<'a>,
    /// How long its streams may make no progress.
    pub(super) stall_limit: Option<Duration>,
    /// The call does no harm if it runs twice.
    pub(super) idempotent: bool,
    pub(super) metadata: &'a Metadata<'a>,
    /// The call, if somebody wants to know about it, until it has a connection.
    pub(super) watched: Option<Box<WatchedCall>>,
}

impl<'a> Request<'a, '_> {
    /// Creates a request of JSON with a reply of JSON.
    pub(super) fn of_json(
        endpoint: &'a str,
        json: Option<&'a dyn Encode>,
        deadline: Deadline<'a>,
        metadata: &'a Metadata<'a>,
    ) -> Self {
        let accept = DataType::MarshaledJson;
        Request {
            endpoint,
            control: false,
            json,
            octets: None,
            accept,
            deadline,
            stall_limit: None,
            idempotent: false,
            metadata,
            watched: None,
        }
    }

    /// Creates a request of a control endpoint, which does no harm if it is answered twice.
    pub(super) fn control(
        endpoint: &'a str,
        accept: DataType,
        deadline: Deadline<'a>,
        metadata: &'a Metadata<'a>,
    ) -> Self {
        Request { control: true, accept, idempotent: true, ..Request::of_json(endpoint, None, deadline, metadata) }
    }

    /// Notes the error that the caller gets.
    pub(super) fn failed(&mut self, error: &Error) {
        if let Some(watched) = &mut self.watched {
            watched.failed(error);
        }
    }

    pub(super) fn data_type(&self) -> DataType {
        match (self.json.is_some(), self.octets.is_some()) {
            _ if self.control => DataType::Control,
            (_, false) => DataType::MarshaledJson,
            (false, true) => DataType::Octets,
            (true, true) => DataType::MarshaledJsonThenOctets,
        }
    }

    /// Returns whether all values of the request, whose JSON this is, are `null`.
    pub(super) fn has_only_nulls(&self, json: &[u8]) -> bool {
        let named = self.json.is_some_and(Encode::is_named);
        NO_PARAMETERS.decode(json, if named { Form::Named } else { Form::Bare }).is_ok()
    }

    /// Returns whether the request can be sent again: nothing has been consumed from its stream.
    pub(super) fn can_repeat(&self) -> bool {
        self.octets.as_ref().is_none_or(|source| !source.is_touched())
    }

    /// Returns the time left at `now`, as the header says it to the server: in milliseconds, 0 for
    /// no limit.
    pub(super) fn timeout_ms(&self, now: Instant) -> u64 {
        self.deadline.left_ms(now, self.octets.is_some())
    }

    /// Encodes the header without the time left, which [`add_timeout`] adds when it is sent.
    ///
    /// Fails if the header has no room for the time left.
    ///
    /// [`add_timeout`]: crate::message::add_timeout
    pub(super) fn encode_header(&self, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let header = RequestHeader {
            named: self.json.is_some_and(Encode::is_named),
            metadata: self.metadata.borrowed(),
            ..RequestHeader::new(self.endpoint, self.data_type(), self.accept)
        };
        let fits = header.encode(out);
        if fits && out.len() + timeout_len(self.timeout_ms(self.deadline.begun)) <= MAX_HEADER_LEN_WRITTEN {
            return Ok(());
        }
        let problem = "the endpoint and the metadata do not fit into a header".to_owned();
        Err(Misuse::Encode { problem }.into())
    }

    /// Encodes the JSON part. Fails with [`Error::Limit`] if it has more than `limit` bytes.
    pub(super) fn encode_json(&self, limit: usize, out: &mut Vec<u8>) -> Result<()> {
        let mut buffer = JsonBuffer::new(out, limit);
        if let Some(json) = self.json {
            json.encode(&mut buffer).map_err(|error| Misuse::Encode { problem: error.to_string() })?;
        }
        let Some(size) = buffer.oversize() else { return Ok(()) };
        let (what, size, limit) = ("JSON request".into(), Some(size as u64), limit as u64);
        Err(Error::Limit { what, size, limit, fate: Fate::UNTOUCHED })
    }
}
