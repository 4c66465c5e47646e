//! The reply that a handler's result becomes. Its kind is known before the handler runs, so what the caller accepts can be
//! checked first.

use std::fmt;
use std::io::Read;

use crate::codec::{Encode, ErrorCodec, ResultCodec};
use crate::message::DataType;
use crate::message::json::JsonBuffer;
use crate::stream::Source;

use super::dispatch::{Call, Served};

/// A kind of reply.
pub trait ReplyKind {
    /// What body it has.
    const DATA_TYPE: DataType;
}

/// One JSON value.
#[derive(Debug)]
pub struct JsonReply<T, E> {
    pub(crate) result: ResultCodec<T>,
    pub(crate) error: ErrorCodec<E>,
}

/// Raw bytes.
#[derive(Debug)]
pub struct OctetsReply<E> {
    pub(crate) error: ErrorCodec<E>,
}

/// One JSON value and raw bytes.
#[derive(Debug)]
pub struct JsonAndOctetsReply<T, E> {
    pub(crate) result: ResultCodec<T>,
    pub(crate) error: ErrorCodec<E>,
}

impl<T, E> ReplyKind for JsonAndOctetsReply<T, E> {
    const DATA_TYPE: DataType = DataType::MarshaledJsonThenOctets;
}

impl<T, E> ReplyKind for JsonReply<T, E> {
    const DATA_TYPE: DataType = DataType::MarshaledJson;
}

impl<E> ReplyKind for OctetsReply<E> {
    const DATA_TYPE: DataType = DataType::Octets;
}

/// The right, and the duty, to reply once.
#[must_use = "a call has to be answered"]
pub struct Reply<'c, K> {
    pub(super) call: Call<'c>,
    pub(super) kind: K,
}

impl<'c, T, E> Reply<'c, JsonReply<T, E>> {
    /// Replies with what a handler returned. Blocks until it is written; but a small reply leaves with the next one where the
    /// client has sent its next request already, or in a millisecond.
    pub fn send(self, outcome: Result<T, E>) -> Served<'c> {
        match outcome {
            Ok(value) => {
                let value = Encoded { value: &value, codec: &self.kind.result };
                self.call.answer(|exchange| exchange.reply_json(&value))
            }
            Err(error) => self.call.fail(&error, &self.kind.error),
        }
    }
}

impl<'c, E> Reply<'c, OctetsReply<E>> {
    /// Replies with what a handler returned: reads it to its end, while it is sent.
    pub fn send<R: Read>(self, outcome: Result<R, E>) -> Served<'c> {
        match outcome {
            Ok(mut content) => self.call.answer(|exchange| exchange.reply_octets(Source::of(&mut content))),
            Err(error) => self.call.fail(&error, &self.kind.error),
        }
    }
}

impl<'c, T, E> Reply<'c, JsonAndOctetsReply<T, E>> {
    /// Replies with what a handler returned: the value, and then the stream to its end, while it is sent.
    pub fn send<R: Read>(self, outcome: Result<(T, R), E>) -> Served<'c> {
        match outcome {
            Ok((value, mut content)) => {
                let value = Encoded { value: &value, codec: &self.kind.result };
                self.call.answer(|exchange| exchange.reply_json_then_octets(&value, Source::of(&mut content)))
            }
            Err(error) => self.call.fail(&error, &self.kind.error),
        }
    }
}

struct Encoded<'a, T> {
    value: &'a T,
    codec: &'a ResultCodec<T>,
}

impl<T> Encode for Encoded<'_, T> {
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        (self.codec.encode)(self.value, out)
    }
}

impl<K> fmt::Debug for Reply<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("call", &self.call).finish_non_exhaustive()
    }
}
