//! The reply that a handler's result becomes. Its kind is known before the handler runs, so what the caller accepts is
//! checked first.

use std::fmt;
use std::io::Read;

use crate::codec::{ErrorCodec, JsonAndOctetsReply, JsonReply, OctetsReply};
use crate::error::Result;
use crate::message::{DataType, Status};
use crate::stream::Source;

use super::exchange::{Exchange, Served};

/// The right, and the duty, to reply once.
#[must_use = "a call has to be answered"]
pub struct Reply<'c, K> {
    pub(super) exchange: &'c Exchange<'c>,
    pub(super) kind: K,
}

impl<'c, T, E> Reply<'c, JsonReply<T, E>> {
    /// Replies with what a handler returned. Blocks until it is written. A small reply whose client has sent its next
    /// request already leaves together with the next one, or after a millisecond.
    pub fn send(self, outcome: Result<T, E>) -> Served<'c> {
        let JsonReply { result, error } = &self.kind;
        Served::new(match outcome {
            Ok(value) => self.exchange.reply_json(&result.with(&value)),
            Err(failure) => fail(self.exchange, &failure, error),
        })
    }
}

impl<'c, E> Reply<'c, OctetsReply<E>> {
    /// Replies with what a handler returned, which is read to its end while it is sent.
    pub fn send<R: Read>(self, outcome: Result<R, E>) -> Served<'c> {
        Served::new(match outcome {
            Ok(mut content) => self.exchange.send_octets(DataType::Octets, None, Source::of(&mut content)),
            Err(failure) => fail(self.exchange, &failure, &self.kind.error),
        })
    }
}

impl<'c, T, E> Reply<'c, JsonAndOctetsReply<T, E>> {
    /// Replies with what a handler returned: the value, and then the stream, which is read to its end while it is sent.
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
