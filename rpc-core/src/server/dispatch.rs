//! What stands between a connection and a handler: [`Dispatch`], the [`Call`] that it gets and the [`Served`] that it owes.

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::codec::{Contract, ErrorCodec, ResultCodec, ServiceError};
use crate::message::{DataType, Status, Violation, json};

use super::exchange::{Exchange, NoJson};
use super::reply::{JsonAndOctetsReply, JsonReply, OctetsReply, Reply, ReplyKind};
use super::request::RequestReader;

/// Answers calls. `#[rpc_service]` implements it for `<Trait>Server`; to write it by hand, match on
/// [`Call::endpoint`].
///
/// One connection uses it from one thread, so it needs to be neither `Send` nor `Sync` by itself. A panic is answered with
/// a ServerError; it ends the connection where [`Contract::session`] says that the handler belongs to it.
pub trait Dispatch {
    /// What this service offers.
    fn contract(&self) -> &'static Contract;

    /// Answers one call. [`Served`] can be had only by answering.
    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c>;
}

impl<D: Dispatch + ?Sized> Dispatch for &mut D {
    fn contract(&self) -> &'static Contract {
        (**self).contract()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        (**self).dispatch(call)
    }
}

impl<D: Dispatch + ?Sized> Dispatch for Box<D> {
    fn contract(&self) -> &'static Contract {
        (**self).contract()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        (**self).dispatch(call)
    }
}

/// The proof that a call was answered.
#[must_use = "return it from `dispatch`"]
pub struct Served<'c>(PhantomData<&'c ()>);

/// A call that waits for its answer. It must be used up by one of its methods.
#[must_use = "a call has to be answered"]
pub struct Call<'c> {
    exchange: &'c Exchange<'c>,
}

impl<'c> Call<'c> {
    pub(super) fn new(exchange: &'c Exchange<'c>) -> Call<'c> {
        Call { exchange }
    }

    /// The name of the endpoint that is called.
    pub fn endpoint(&self) -> &'c str {
        &self.exchange.header.endpoint
    }

    /// Answers a call whose request and reply are one JSON value each.
    pub fn json<T, R, E>(self, handler: impl FnOnce(T) -> Result<R, E>) -> Served<'c>
    where
        T: DeserializeOwned,
        R: Serialize + DeserializeOwned,
        E: ServiceError,
    {
        let kind = JsonReply { result: ResultCodec::serde(), error: ErrorCodec::of_service() };
        self.value(json::decode, kind, |value, reply| reply.send(handler(value)))
    }

    /// Answers a call whose request is one JSON value, and whose reply is all that a reader has.
    pub fn json_to_octets<T, R, E>(self, handler: impl FnOnce(T) -> Result<R, E>) -> Served<'c>
    where
        T: DeserializeOwned,
        R: Read,
        E: ServiceError,
    {
        let kind = OctetsReply { error: ErrorCodec::of_service() };
        self.value(json::decode, kind, |value, reply| reply.send(handler(value)))
    }

    /// Answers a call whose request is raw bytes, and whose reply is one JSON value. What the handler does not read is
    /// thrown away.
    pub fn octets_to_json<R, E>(self, handler: impl FnOnce(RequestReader) -> Result<R, E>) -> Served<'c>
    where
        R: Serialize + DeserializeOwned,
        E: ServiceError,
    {
        let kind = JsonReply { result: ResultCodec::serde(), error: ErrorCodec::of_service() };
        self.stream(kind, |content, reply| reply.send(handler(content)))
    }

    /// Answers a call whose request is one JSON value and then raw bytes, and whose reply is one JSON value. What the
    /// handler does not read is thrown away.
    pub fn json_and_octets_to_json<T, R, E>(self, handler: impl FnOnce(T, RequestReader) -> Result<R, E>) -> Served<'c>
    where
        T: DeserializeOwned,
        R: Serialize + DeserializeOwned,
        E: ServiceError,
    {
        let kind = JsonReply { result: ResultCodec::serde(), error: ErrorCodec::of_service() };
        self.value_and_stream(json::decode, kind, |value, content, reply| reply.send(handler(value, content)))
    }

    /// Answers a call whose request is one JSON value, and whose reply is one, too, and then all that a reader has.
    pub fn json_to_json_and_octets<T, V, R, E>(self, handler: impl FnOnce(T) -> Result<(V, R), E>) -> Served<'c>
    where
        T: DeserializeOwned,
        V: Serialize + DeserializeOwned,
        R: Read,
        E: ServiceError,
    {
        let kind = JsonAndOctetsReply { result: ResultCodec::serde(), error: ErrorCodec::of_service() };
        self.value(json::decode, kind, |value, reply| reply.send(handler(value)))
    }

    /// Answers a call whose request and reply are raw bytes. The reply is sent while the request is read, so what the
    /// handler returns may read from it as it goes.
    pub fn octets_to_octets<R, E>(self, handler: impl FnOnce(RequestReader) -> Result<R, E>) -> Served<'c>
    where
        R: Read,
        E: ServiceError,
    {
        let kind = OctetsReply { error: ErrorCodec::of_service() };
        self.stream(kind, |content, reply| reply.send(handler(content)))
    }

    /// Answers that there is no such endpoint, and which one may have been meant.
    pub fn unknown_endpoint(self, contract: &Contract) -> Served<'c> {
        let name = self.endpoint();
        let message = match closest(name, contract) {
            Some(other) => format!("unknown endpoint {name}, did you mean {other}?"),
            None => format!("unknown endpoint {name}"),
        };
        self.refuse(Status::RequestError, &message)
    }

    /// Answers no.
    pub(crate) fn refuse(self, status: Status, message: &str) -> Served<'c> {
        self.answer(|exchange| exchange.refuse(status, message, None))
    }

    /// Answers with a handler's error.
    pub(super) fn fail<E>(self, error: &E, codec: &ErrorCodec<E>) -> Served<'c> {
        let (text, details) = ((codec.text)(error), (codec.details)(error));
        self.answer(|exchange| exchange.refuse(Status::Error, &text, details.as_deref()))
    }

    pub(crate) fn value<T, K: ReplyKind>(
        self,
        decode: impl FnOnce(&[u8]) -> Result<T, Violation>,
        kind: K,
        handler: impl FnOnce(T, Reply<'c, K>) -> Served<'c>,
    ) -> Served<'c> {
        if let Some(message) = self.exchange.mismatch(DataType::MarshaledJson, K::DATA_TYPE) {
            return self.refuse(Status::RequestError, &message);
        }
        match self.exchange.read_json(decode) {
            Ok(value) => handler(value, self.run(kind)),
            Err(NoJson::Refuse(message)) => self.refuse(Status::RequestError, &message),
            Err(NoJson::Broken) => Served(PhantomData),
        }
    }

    pub(crate) fn stream<K: ReplyKind>(
        self,
        kind: K,
        handler: impl FnOnce(RequestReader, Reply<'c, K>) -> Served<'c>,
    ) -> Served<'c> {
        if let Some(message) = self.exchange.mismatch(DataType::Octets, K::DATA_TYPE) {
            return self.refuse(Status::RequestError, &message);
        }
        let content = self.exchange.request_reader();
        handler(content, self.run(kind))
    }

    pub(crate) fn value_and_stream<T, K: ReplyKind>(
        self,
        decode: impl FnOnce(&[u8]) -> Result<T, Violation>,
        kind: K,
        handler: impl FnOnce(T, RequestReader, Reply<'c, K>) -> Served<'c>,
    ) -> Served<'c> {
        if let Some(message) = self.exchange.mismatch(DataType::MarshaledJsonThenOctets, K::DATA_TYPE) {
            return self.refuse(Status::RequestError, &message);
        }
        match self.exchange.read_json(decode) {
            Ok(value) => {
                let content = self.exchange.request_reader();
                handler(value, content, self.run(kind))
            }
            Err(NoJson::Refuse(message)) => self.refuse(Status::RequestError, &message),
            Err(NoJson::Broken) => Served(PhantomData),
        }
    }

    /// From here on the request has run.
    fn run<K: ReplyKind>(self, kind: K) -> Reply<'c, K> {
        self.exchange.ran.set(true);
        Reply { call: self, kind }
    }

    pub(super) fn answer(self, answer: impl FnOnce(&Exchange<'c>)) -> Served<'c> {
        answer(self.exchange);
        Served(PhantomData)
    }
}

/// The endpoint whose name is nearest, if it is near: at most a third of its letters differ.
fn closest(name: &str, contract: &Contract) -> Option<&'static str> {
    contract
        .methods
        .iter()
        .map(|method| (distance(name, method.name), method.name))
        .filter(|(distance, other)| distance * 3 <= other.chars().count())
        .min()
        .map(|(_, other)| other)
}

/// How many letters must be put in, taken out or changed (Levenshtein), capital letters counting as small ones.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("endpoint", &self.endpoint()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Served<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("", "", 0), ("list", "List", 0), ("lst", "list", 1), ("fetch", "etchf", 2), ("", "abc", 3)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
