//! Sends a handler's result as the reply. Its kind is known before the handler runs, so that what
//! the caller accepts can be checked first.

use std::fmt;
use std::io::Read;

use crate::codec::{ErrorCodec, JsonAndOctetsReply, JsonReply, OctetsReply};
use crate::error::Result;
use crate::message::{DataType, Status};
use crate::stream::Source;

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
