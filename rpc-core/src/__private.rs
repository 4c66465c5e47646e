//! What generated code may use, and nothing else. It is no part of the public interface: any release may change it.

use std::convert::Infallible;
use std::io::Read;

pub use std::{boxed::Box, clone::Clone, fmt, io, marker, result::Result, string::String, sync::Arc};

pub use crate::client::{Client, ClientConfig, OctetReader, Session};
pub use crate::error::Error;
pub use crate::message::DataType;
pub use crate::server::{Call, Dispatch, JsonReply, OctetsReply, Reply, ReplyKind, RequestReader, Served};
pub use crate::service::{
    Argument, Borrowed, Contract, Encode, ErrorCodec, Method, Outcome, Parameter, ParameterCodec, Parameters,
    ResultCodec, ServiceError, Value, error as error_codec, parameter as parameter_codec, result as result_codec, unit,
};
pub use crate::transport::{ToAddress, Transport};

use crate::client::{ArgumentBody, Body, NamedBody, NoBody, Outgoing, Ready, StreamBody};
use crate::service::decode_named;

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
    pub fn none(self) -> StubWithBody<'s, impl Body> {
        StubWithBody(self.0.ready(NoBody))
    }

    /// One serde value.
    pub fn value<T: Borrowed + ?Sized>(self, codec: ParameterCodec<T>, value: &T) -> StubWithBody<'s, impl Body> {
        StubWithBody(self.0.ready(ArgumentBody(codec.with(value))))
    }

    /// Several serde values.
    pub fn values<'a>(self, values: &'a [(&'static str, &'a dyn Encode)]) -> StubWithBody<'s, impl Body + use<'a, 's>> {
        StubWithBody(self.0.ready(NamedBody(values)))
    }

    /// One stream.
    pub fn stream<R: Read>(self, content: R) -> StubWithBody<'s, impl Body> {
        StubWithBody(self.0.ready(StreamBody(content)))
    }
}

impl<'s, B: Body> StubWithBody<'s, B> {
    /// A reply of one serde value.
    pub fn json<T, E>(self, result: ResultCodec<T>, error: ErrorCodec<E>) -> Result<T, E> {
        self.0.json_with(result.decode).map_err(error.from_call)
    }

    /// A reply of raw bytes.
    pub fn octets<E>(self, error: ErrorCodec<E>) -> Result<OctetReader<'s>, E> {
        self.0.octets().map_err(error.from_call)
    }
}

/// A reply of one serde value.
pub fn json<T, E>(result: ResultCodec<T>, error: ErrorCodec<E>) -> JsonReply<T, E> {
    JsonReply { result, error }
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

// One mistake, one error. For an impl with several conditions the compiler reports each that does not hold; where two impls
// might fit, it reports the trait, once, with the words that stand on it. That is what the second impl of each trait
// below is there for: no type fulfils its condition. `By` tells the impls apart and is always left to the compiler.

/// Fulfilled by types that are serde's.
#[derive(Debug)]
pub enum Serde {}

/// Fulfilled by no type.
#[derive(Debug)]
pub enum Nothing {}

/// Implemented by no type.
pub trait Never {
    /// Cannot be had.
    const NEVER: Infallible;
}

/// What a parameter of a generated method must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a service",
    label = "serde cannot write and read this",
    note = "every type in it needs `#[derive(serde::Serialize, serde::Deserialize)]`, and none may borrow what it is read from"
)]
pub trait ParameterBy<By>: Borrowed {
    /// How it travels.
    const CODEC: ParameterCodec<Self>;
}

impl<T: Parameter + ?Sized> ParameterBy<Serde> for T {
    const CODEC: ParameterCodec<T> = parameter_codec::<T>();
}

impl<T: Borrowed + Never + ?Sized> ParameterBy<Nothing> for T {
    const CODEC: ParameterCodec<T> = match T::NEVER {};
}

/// How a parameter of type `T` travels.
pub const fn parameter<T: ParameterBy<By> + ?Sized, By>() -> ParameterCodec<T> {
    T::CODEC
}

/// What the result of a generated method must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a service's method",
    label = "serde cannot write and read this",
    note = "every type in it needs `#[derive(serde::Serialize, serde::Deserialize)]`, and none may borrow what it is read from"
)]
pub trait ResultBy<By>: Sized {
    /// How it travels.
    const CODEC: ResultCodec<Self>;
}

impl<T: Value> ResultBy<Serde> for T {
    const CODEC: ResultCodec<T> = result_codec::<T>();
}

impl<T: Never> ResultBy<Nothing> for T {
    const CODEC: ResultCodec<T> = match T::NEVER {};
}

/// How a result of type `T` travels.
pub const fn result<T: ResultBy<By>, By>() -> ResultCodec<T> {
    T::CODEC
}

/// What the error of a generated method must be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a service's method",
    label = "not an error that can travel",
    note = "use `rpc_core::Error`, or give your own error `#[derive(serde::Serialize, serde::Deserialize)]`, `Display` and \
            `From<rpc_core::Error>`"
)]
pub trait ErrorBy<By>: Sized {
    /// How it travels.
    const CODEC: ErrorCodec<Self>;
}

impl<E: ServiceError> ErrorBy<Serde> for E {
    const CODEC: ErrorCodec<E> = error_codec::<E>();
}

impl<E: Never> ErrorBy<Nothing> for E {
    const CODEC: ErrorCodec<E> = match E::NEVER {};
}

/// How an error of type `E` travels.
pub const fn error<E: ErrorBy<By>, By>() -> ErrorCodec<E> {
    E::CODEC
}
