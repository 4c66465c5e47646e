//! Function pointers in place of bounds.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::Error;
use crate::message::Violation;
use crate::message::json::{self, JsonBuffer};

use super::Argument;
use super::service_error::ServiceError;

/// What a borrowed parameter is received as: `String` for `str`, `Vec<T>` for `[T]`, `PathBuf` for `Path`, and any sized
/// type as itself.
pub trait Borrowed {
    /// The type that a server makes of it.
    type Owned;
}

impl<T> Borrowed for T {
    type Owned = T;
}

impl Borrowed for str {
    type Owned = String;
}

impl<T> Borrowed for [T] {
    type Owned = Vec<T>;
}

impl Borrowed for Path {
    type Owned = PathBuf;
}

/// What can be a parameter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of an RPC method",
    label = "not a type that crosses the wire",
    note = "derive serde's `Serialize` and `Deserialize` for it"
)]
pub trait Parameter: Borrowed {
    #[doc(hidden)]
    const CODEC: ParameterCodec<Self>;
}

impl<T> Parameter for T
where
    T: Borrowed + Serialize + ?Sized,
    T::Owned: DeserializeOwned,
{
    const CODEC: ParameterCodec<T> = ParameterCodec { encode: json::encode::<T>, decode: json::decode::<T::Owned> };
}

/// How a parameter is written and read.
pub struct ParameterCodec<T: ?Sized + Borrowed> {
    pub(super) encode: fn(&T, &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>,
    pub(crate) decode: fn(&[u8]) -> Result<T::Owned, Violation>,
}

impl<T: ?Sized + Borrowed> std::fmt::Debug for ParameterCodec<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ParameterCodec")
    }
}

impl<T: ?Sized + Borrowed> ParameterCodec<T> {
    /// A value of this type, to be written.
    pub fn with(self, value: &T) -> Argument<'_, T> {
        Argument { codec: self, value }
    }
}

/// How a parameter of type `T` travels.
pub const fn parameter<T: Parameter + ?Sized>() -> ParameterCodec<T> {
    T::CODEC
}

/// What can be a result.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of an RPC method",
    label = "not a type that crosses the wire",
    note = "derive serde's `Serialize` and `Deserialize` for it"
)]
pub trait Value: Sized {
    #[doc(hidden)]
    const CODEC: ResultCodec<Self>;
}

impl<T: Serialize + DeserializeOwned> Value for T {
    const CODEC: ResultCodec<T> = ResultCodec { encode: json::encode::<T>, decode: json::decode::<T> };
}

/// How a result is written and read.
#[derive(Debug)]
pub struct ResultCodec<T> {
    pub(crate) encode: fn(&T, &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>,
    pub(crate) decode: fn(&[u8]) -> Result<T, Violation>,
}

/// How a result of type `T` travels.
pub const fn result<T: Value>() -> ResultCodec<T> {
    T::CODEC
}

/// How a result of `()` travels: it is sent as `null`, and whatever JSON comes for it is ignored.
pub const fn unit() -> ResultCodec<()> {
    ResultCodec { encode: json::encode::<()>, decode: |bytes| json::decode::<IgnoredAny>(bytes).map(drop) }
}

/// How an error travels.
#[derive(Debug)]
pub struct ErrorCodec<E> {
    pub(crate) text: fn(&E) -> String,
    pub(crate) from_call: fn(Error) -> E,
}

/// How an error of type `E` travels.
pub const fn error<E: ServiceError>() -> ErrorCodec<E> {
    ErrorCodec { text: E::text, from_call: E::from_call }
}
