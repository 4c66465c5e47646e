//! What generated code may use, and nothing else. It is no part of the public interface: any release may change it.

use std::io::{Empty, Read};

pub use std::{boxed::Box, clone::Clone, fmt, io, marker, result::Result, string::String, sync::Arc};

pub use crate::client::{CallOptions, Client, ClientConfig, OctetReader, Session};
pub use crate::codec::{
    Argument, Borrowed, Contract, Encode, ErrorBy, ErrorCodec, Method, Never, Nothing, Outcome, ParameterBy,
    ParameterCodec, Parameters, ResultBy, ResultCodec, Serde, ServiceError, error, parameter, result, unit,
};
pub use crate::error::Error;
pub use crate::message::DataType;
pub use crate::server::{
    Call, Dispatch, JsonAndOctetsReply, JsonReply, OctetsReply, Reply, ReplyKind, RequestReader, Served,
};
pub use crate::transport::{ToAddress, Transport};

use crate::client::{ArgumentBody, Body, NamedBody, NoBody, Outgoing, Ready, StreamBody, ValueAndStreamBody};
use crate::codec::decode_named;

/// A stub of a generated client, before its body.
#[derive(Debug)]
pub struct Stub<'s>(Outgoing<'s, 'static>);

/// A stub with its body.
#[derive(Debug)]
pub struct StubWithBody<'s, B>(Ready<'s, 'static, B>);

/// A call over a pool.
pub fn call(client: &Client, endpoint: &'static str) -> Stub<'static> {
    Stub(client.call(endpoint))
}

/// A call in a session.
pub fn session_call<'s>(session: &'s mut Session, endpoint: &'static str) -> Stub<'s> {
    Stub(session.call(endpoint))
}

impl<'s> Stub<'s> {
    /// No parameters.
    pub fn none(self) -> StubWithBody<'s, impl Body<Rest = Empty>> {
        StubWithBody(self.0.ready(NoBody))
    }

    /// One serde value.
    pub fn value<T: Borrowed + ?Sized>(
        self,
        codec: ParameterCodec<T>,
        value: &T,
    ) -> StubWithBody<'s, impl Body<Rest = Empty>> {
        StubWithBody(self.0.ready(ArgumentBody(codec.with(value))))
    }

    /// Several serde values.
    pub fn values<'a>(
        self,
        values: &'a [(&'static str, &'a dyn Encode)],
    ) -> StubWithBody<'s, impl Body<Rest = Empty> + use<'a, 's>> {
        StubWithBody(self.0.ready(NamedBody(values)))
    }

    /// One serde value and a stream.
    pub fn value_and_stream<T: Borrowed + ?Sized, R: Read>(
        self,
        codec: ParameterCodec<T>,
        value: &T,
        content: R,
    ) -> StubWithBody<'s, impl Body<Rest = R>> {
        StubWithBody(self.0.ready(ValueAndStreamBody(ArgumentBody(codec.with(value)), StreamBody::new(content))))
    }

    /// Several serde values and a stream.
    pub fn values_and_stream<'a, R: Read>(
        self,
        values: &'a [(&'static str, &'a dyn Encode)],
        content: R,
    ) -> StubWithBody<'s, impl Body<Rest = R> + use<'a, 's, R>> {
        StubWithBody(self.0.ready(ValueAndStreamBody(NamedBody(values), StreamBody::new(content))))
    }

    /// One stream.
    pub fn stream<R: Read>(self, content: R) -> StubWithBody<'s, impl Body<Rest = R>> {
        StubWithBody(self.0.ready(StreamBody::new(content)))
    }
}

impl<'s, B: Body> StubWithBody<'s, B> {
    /// A reply of one serde value.
    pub fn json<T, E>(self, result: ResultCodec<T>, error: ErrorCodec<E>) -> Result<T, E> {
        self.0.json_with(result.decode).map_err(error.from_call)
    }

    /// A reply of raw bytes.
    pub fn octets<E>(self, error: ErrorCodec<E>) -> Result<OctetReader<'s, B::Rest>, E> {
        self.0.octets().map_err(error.from_call)
    }

    /// A reply of one serde value and raw bytes.
    pub fn json_and_octets<T, E>(
        self,
        result: ResultCodec<T>,
        error: ErrorCodec<E>,
    ) -> Result<(T, OctetReader<'s, B::Rest>), E> {
        self.0.json_and_octets_with(result.decode).map_err(error.from_call)
    }
}

/// A reply of one serde value.
pub fn json<T, E>(result: ResultCodec<T>, error: ErrorCodec<E>) -> JsonReply<T, E> {
    JsonReply { result, error }
}

/// A reply of one serde value and raw bytes.
pub fn json_and_octets<T, E>(result: ResultCodec<T>, error: ErrorCodec<E>) -> JsonAndOctetsReply<T, E> {
    JsonAndOctetsReply { result, error }
}

/// A reply of raw bytes.
pub fn octets<E>(error: ErrorCodec<E>) -> OctetsReply<E> {
    OctetsReply { error }
}

/// Answers a call of a method without parameters.
pub fn serve_none<'c, K: ReplyKind>(
    call: Call<'c>,
    kind: K,
    handler: impl FnOnce(Reply<'c, K>) -> Served<'c>,
) -> Served<'c> {
    call.value(unit().decode, kind, |(), reply| handler(reply))
}

/// Answers a call of a method with one serde parameter.
pub fn serve_value<'c, T: Borrowed + ?Sized, K: ReplyKind>(
    call: Call<'c>,
    codec: ParameterCodec<T>,
    kind: K,
    handler: impl FnOnce(T::Owned, Reply<'c, K>) -> Served<'c>,
) -> Served<'c> {
    call.value(codec.decode, kind, handler)
}

/// Answers a call of a method with several serde parameters.
pub fn serve_values<'c, P: Parameters, K: ReplyKind>(
    call: Call<'c>,
    names: &[&'static str],
    codecs: P,
    kind: K,
    handler: impl FnOnce(P::Owned, Reply<'c, K>) -> Served<'c>,
) -> Served<'c> {
    call.value(|bytes| decode_named(&codecs, names, bytes), kind, handler)
}

/// Answers a call of a method with one stream.
pub fn serve_stream<'c, K: ReplyKind>(
    call: Call<'c>,
    kind: K,
    handler: impl FnOnce(RequestReader, Reply<'c, K>) -> Served<'c>,
) -> Served<'c> {
    call.stream(kind, handler)
}

/// Answers a call of a method with one serde parameter and a stream.
pub fn serve_value_and_stream<'c, T: Borrowed + ?Sized, K: ReplyKind>(
    call: Call<'c>,
    codec: ParameterCodec<T>,
    kind: K,
    handler: impl FnOnce(T::Owned, RequestReader, Reply<'c, K>) -> Served<'c>,
) -> Served<'c> {
    call.value_and_stream(codec.decode, kind, handler)
}

/// Answers a call of a method with several serde parameters and a stream.
pub fn serve_values_and_stream<'c, P: Parameters, K: ReplyKind>(
    call: Call<'c>,
    names: &[&'static str],
    codecs: P,
    kind: K,
    handler: impl FnOnce(P::Owned, RequestReader, Reply<'c, K>) -> Served<'c>,
) -> Served<'c> {
    call.value_and_stream(|bytes| decode_named(&codecs, names, bytes), kind, handler)
}
