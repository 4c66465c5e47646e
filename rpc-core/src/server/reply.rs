//! Sends a handler's result as the reply. Its kind is known before the handler runs, so that what
//! the caller accepts can be checked first.

use std::fmt;
use std::io::Read;

use crate::codec::{
    ErrorCodec, ItemCodec, JsonAndOctetsReply, JsonAndValuesReply, JsonReply, OctetsReply, ValuesReply,
};
use crate::error::Result;
use crate::message::{DataType, Status};
use crate::stream::{ItemLimits, SentItems, Source};

use super::exchange::{Exchange, Served};

/// Sends the reply of a call, once.
#[must_use = "a call has to be answered"]
pub struct Reply<'c, K> {
    pub(super) exchange: &'c Exchange<'c>,
    pub(super) kind: K,
}

impl<'c, T, E> Reply<'c, JsonReply<T, E>> {
    /// Replies with what a handler returned, and blocks until it is written. If the client has sent
    /// its next request already, a small reply is sent together with the next one, but at most a
    /// millisecond later.
    pub fn send(self, outcome: Result<T, E>) -> Served<'c> {
        let JsonReply { result, error } = &self.kind;
        Served::new(match outcome {
            Ok(value) => self.exchange.reply_json(&result.with(&value)),
            Err(failure) => fail(self.exchange, &failure, error),
        })
    }
}

impl<'c, E> Reply<'c, OctetsReply<E>> {
    /// Replies with what a handler returned, which is sent while it is read to its end.
    pub fn send<R: Read>(self, outcome: Result<R, E>) -> Served<'c> {
        Served::new(match outcome {
            Ok(mut content) => self.exchange.send_octets(DataType::Octets, None, Source::of(&mut content)),
            Err(failure) => fail(self.exchange, &failure, &self.kind.error),
        })
    }
}

impl<'c, T, E> Reply<'c, JsonAndOctetsReply<T, E>> {
    /// Replies with what a handler returned: the value and then the stream, which is sent while it
    /// is read to its end.
    pub fn send<R: Read>(self, outcome: Result<(T, R), E>) -> Served<'c> {
        let JsonReply { result, error } = &self.kind.0;
        Served::new(match outcome {
            Ok((value, mut content)) => {
                self.exchange.reply_json_then_octets(&result.with(&value), Source::of(&mut content))
            }
            Err(failure) => fail(self.exchange, &failure, error),
        })
    }
}

impl<'c, T, F, E> Reply<'c, ValuesReply<T, F, E>> {
    /// Replies with what a handler returned: a stream of values, each of which is sent as it comes.
    pub fn send<I: Iterator<Item = Result<T, F>>>(self, outcome: Result<I, E>) -> Served<'c> {
        let ValuesReply { items, error } = &self.kind;
        Served::new(match outcome {
            Ok(values) => {
                let mut values = self.items(values, items);
                self.exchange.send_octets(DataType::Octets, None, Source::items(&mut values))
            }
            Err(failure) => fail(self.exchange, &failure, error),
        })
    }
}

impl<'c, T, U, F, E> Reply<'c, JsonAndValuesReply<T, U, F, E>> {
    /// Replies with what a handler returned: the value and then the stream of values, each of which
    /// is sent as it comes.
    pub fn send<I: Iterator<Item = Result<U, F>>>(self, outcome: Result<(T, I), E>) -> Served<'c> {
        let JsonAndValuesReply { json, items } = &self.kind;
        Served::new(match outcome {
            Ok((value, values)) => {
                let mut values = self.items(values, items);
                self.exchange.reply_json_then_octets(&json.result.with(&value), Source::items(&mut values))
            }
            Err(failure) => fail(self.exchange, &failure, &json.error),
        })
    }
}

impl<K> Reply<'_, K> {
    fn items<I, T, F>(&self, items: I, codec: &ItemCodec<T, F>) -> SentItems<I, T, F> {
        let stream = format!("the reply of {}", self.exchange.header.endpoint);
        let len = self.exchange.connection.config.max_json_len;
        let limits = ItemLimits { len, sender: Status::ServerError, stream };
        SentItems::new(items, codec.value.encode, codec.error.to_wire, limits)
    }
}

/// Replies with a handler's error.
pub(super) fn fail<E>(exchange: &Exchange<'_>, error: &E, codec: &ErrorCodec<E>) -> Result<()> {
    let (text, details) = (codec.to_wire)(error);
    exchange.refuse(Status::Error, &text, details.as_deref())
}

impl<K> fmt::Debug for Reply<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("endpoint", &self.exchange.header.endpoint).finish_non_exhaustive()
    }
}
