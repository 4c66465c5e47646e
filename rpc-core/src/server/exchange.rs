//! One call on a server's connection: the state of its request and its reply. [`answer`] writes the
//! reply.
//!
//! [`answer`]: super::answer

use std::cell::{Cell, OnceCell, RefCell};
use std::marker::PhantomData;
use std::sync::Arc;

use crate::codec::{Contract, Form, JsonArguments, Method};
use crate::connection::{Ahead, DISCARD_TIME, ServerTurn};
use crate::error::{Error, Fate, Operation, Result};
use crate::message::{DataType, MessageError, ReplyHeader, RequestHeader, Status};
use crate::observe::Watch;
use crate::transport::TimeLimit;

use super::connection::ServerConnection;
use super::extensions::Extensions;

/// One call.
pub(super) struct Exchange<'c> {
    pub(super) connection: &'c ServerConnection,
    pub(super) header: RequestHeader<'c>,
    pub(super) turn: Cell<ServerTurn>,
    /// Whether the whole next request had been read ahead when the reply began, so that this reply
    /// may be sent together with the next.
    pub(super) another_waits: Cell<bool>,
    extensions: OnceCell<Arc<Extensions>>,
    /// What is told of the call at its end, if anybody wants to know. Boxed, so that others do not
    /// carry its size.
    pub(super) watch: RefCell<Option<Box<Watch>>>,
}

/// The proof that a call was answered.
#[must_use = "return it from `dispatch`"]
#[derive(Debug)]
pub struct Served<'c> {
    /// Why the connection cannot be used any more, if answering failed.
    pub(super) outcome: Result<()>,
    call: PhantomData<&'c ()>,
}

impl<'c> Served<'c> {
    pub(super) fn new(outcome: Result<()>) -> Served<'c> {
        Served { outcome, call: PhantomData }
    }
}

impl<'c> Exchange<'c> {
    pub(super) fn new(connection: &'c ServerConnection, header: RequestHeader<'c>, turn: ServerTurn) -> Exchange<'c> {
        Exchange {
            connection,
            header,
            turn: Cell::new(turn),
            another_waits: Cell::new(false),
            extensions: OnceCell::new(),
            watch: RefCell::new(None),
        }
    }

    /// Returns the method that is called, and its contract, if any lists it.
    pub(super) fn target(&self) -> Option<(&'static Contract, &'static Method)> {
        self.connection.contracts().find(&self.header.endpoint)
    }

    /// Returns the values that the call carries.
    pub(super) fn extensions(&self) -> &Extensions {
        self.extensions.get_or_init(|| self.connection.call_extensions())
    }
}

impl Exchange<'_> {
    /// Returns what is wrong with the request's data types, given what the method takes and
    /// returns.
    pub(super) fn mismatch(&self, request: DataType, reply: DataType) -> Option<String> {
        let fits = |found: Option<DataType>, expected: DataType| {
            found == Some(expected) || (found == Some(DataType::None) && expected == DataType::MarshaledJson)
        };
        let (turn, header) = (self.turn.get(), &self.header);
        // whether values before a stream may be absent, the parameters decide
        let both_stream = turn.request.is_some_and(DataType::has_octets) && request.has_octets();
        if !fits(turn.request, request) && !both_stream {
            let (takes, found) = (in_words("DataType", request.to_wire()), in_words("DataType", header.data_type));
            return Some(format!("{} takes {takes}, found {found}", header.endpoint));
        }
        (!fits(turn.accept, reply)).then(|| {
            let (returns, found) = (in_words("Accept", reply.to_wire()), in_words("Accept", header.accept));
            format!("{} returns {returns}, found {found}", header.endpoint)
        })
    }

    /// Returns how the request's JSON carries the values of its parameters.
    fn form(&self) -> Form {
        match self.header {
            _ if !self.has_json() => Form::Absent,
            RequestHeader { revision: 0, .. } => Form::BySignature,
            RequestHeader { named: true, .. } => Form::Named,
            _ => Form::Bare,
        }
    }

    fn has_json(&self) -> bool {
        self.turn.get().request.is_some_and(DataType::has_json)
    }

    /// Reads and decodes the request's JSON. Answers a call that has no valid JSON.
    pub(super) fn read_json<J: JsonArguments>(&self, arguments: &J) -> Result<J::Values, Served<'_>> {
        self.connection.with_json(|json| {
            self.receive_json(json)?;
            let decoded = arguments.decode(json, self.form());
            decoded.map_err(|problem| self.refuse_request(&format!("{}: {problem}", self.header.endpoint)))
        })
    }

    fn receive_json(&self, json: &mut Vec<u8>) -> Result<(), Served<'_>> {
        json.clear();
        if !self.has_json() {
            json.extend_from_slice(b"null");
            return Ok(());
        }
        let limit = self.connection.config.max_json_len;
        let read = self.connection.inbound.with(|receiving| receiving.inbound().messages.read_body(limit, json));
        read.map_err(|error| match error {
            MessageError::TooLong { limit, .. } => self.refuse_request(&format!(
                "the JSON request has more than the {limit} bytes that the server allows; a stream has no limit"
            )),
            MessageError::Trailer(trailer) => {
                self.refuse_request(&format!("the request was ended by its sender: {trailer}"))
            }
            // nothing is answered to a broken request
            error => Served::new(Err(self.connection.request_failed(error))),
        })
    }

    /// Refuses a request that was not understood, so that nothing has run.
    pub(super) fn refuse_request(&self, message: &str) -> Served<'_> {
        Served::new(self.refuse(Status::RequestError, message, None))
    }

    /// Returns whether a reply that begins with this header may go on at once, because the request
    /// has ended or octets go both ways. `false` if the rest of the request has to be thrown away
    /// first, which takes waiting.
    ///
    /// Unless octets go both ways, the rest of the request is thrown away from here on. So a reader
    /// that the handler has kept must fail: it must not see a clean end.
    ///
    /// # Errors
    /// If the request is broken: it is not answered.
    pub(super) fn reply_may_go_on(&self, reply: &ReplyHeader<'_>) -> Result<bool> {
        let both_ways = self.turn.get().full_duplex() && reply.error == Status::Ok.to_wire();
        let ended = self.connection.inbound.ask(|receiving| {
            if both_ways {
                return Ok(true);
            }
            receiving.request_over = true;
            let messages = &mut receiving.inbound().messages;
            let ended = messages.skip_read_ahead().map_err(|error| self.connection.request_failed(error))?;
            self.another_waits.set(ended && messages.call_ahead());
            Ok(ended)
        })?;
        Ok(ended || both_ways)
    }

    /// Returns whether the client has cancelled the reply. Does not block until it does.
    pub(super) fn cancelled(&self) -> Result<bool> {
        self.connection.inbound.ask(|receiving| {
            let inbound = receiving.inbound();
            let may_come = self.turn.get().may_be_cancelled(inbound.messages.body_ended());
            // anything else is a pipelined request, or is refused when it is read as one
            if !may_come || inbound.look_ahead() != Ahead::Bytes || !inbound.cancel_is_next() {
                return Ok(false);
            }
            let limit = self.connection.config.stall_timeout;
            inbound.set_time_limit(TimeLimit::total(limit));
            let failed = |error| Error::from_message(error, Operation::ReadingRequest, limit, Fate::LOST);
            let cancel = inbound.messages.read_cancel().map_err(failed)?;
            tracing::debug!(message = %cancel, "the client has cancelled the call");
            Ok(true)
        })
    }

    /// Reads the rest of the request and throws it away. If that is too much to read, the reply
    /// goes on and then the connection ends.
    pub(super) fn discard_request(&self) -> Result<()> {
        let discarded = self.connection.inbound.with(|receiving| {
            // a reader that the handler has left on another thread must not read any more
            receiving.request_over = true;
            receiving.inbound().discard_body(DISCARD_TIME)
        });
        discarded.map_err(|error| self.connection.request_failed(error))?;
        // it may have found out while this thread waited for the lock
        self.connection.inbound.check()
    }

    pub(super) fn change_turn(&self, change: impl FnOnce(&mut ServerTurn)) {
        let mut turn = self.turn.get();
        change(&mut turn);
        self.turn.set(turn);
    }
}

/// Describes the data type that a field of a header has.
fn in_words(field: &str, number: u32) -> String {
    let words = match DataType::from_wire(number) {
        Some(DataType::None) => "nothing",
        Some(DataType::MarshaledJson) => "JSON",
        Some(DataType::Octets) => "octets",
        Some(DataType::MarshaledJsonThenOctets) => "JSON and octets",
        Some(DataType::Control) | None => return format!("{field} {number}"),
    };
    format!("{words} ({field} {number})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_types_are_described() {
        assert_eq!(in_words("Accept", 4), "octets (Accept 4)");
        assert_eq!(in_words("DataType", 77), "DataType 77");
    }
}
