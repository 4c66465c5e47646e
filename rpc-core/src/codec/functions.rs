//! Function pointers that replace bounds.

use std::path::{Path, PathBuf};

use serde_core::Serialize;
use serde_core::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::message::Violation;
use crate::message::json::{self, JsonBuffer};

use super::service_error::ServiceError;

/// The type that a server receives for a borrowed parameter: `String` for `str`, `Vec<T>` for
/// `[T]`, `PathBuf` for `Path`, and any sized type itself.
pub trait Borrowed {
    /// The type that a server receives.
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

/// Writes a value as JSON.
pub(crate) type EncodeFn<T> = fn(&T, &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>;

/// How a parameter or a result is written and read.
#[derive(Debug)]
pub struct ValueCodec<T: ?Sized + Borrowed> {
    pub(crate) encode: EncodeFn<T>,
    pub(crate) decode: fn(&[u8]) -> Result<T::Owned, Violation>,
}

impl<T: Serialize + Borrowed<Owned: DeserializeOwned> + ?Sized> ValueCodec<T> {
    /// By serde.
    pub(super) const fn serde() -> ValueCodec<T> {
        ValueCodec { encode: json::encode::<T>, decode: json::decode::<T::Owned> }
    }
}

/// Returns how `()` travels as a result: it is sent as `null`, and any JSON is accepted for it.
pub const fn unit() -> ValueCodec<()> {
    ValueCodec { encode: json::encode::<()>, decode: |bytes| json::decode::<IgnoredAny>(bytes).map(drop) }
}

/// Returns what a caller reads of an error, and its value as JSON if serde can write it.
pub(crate) type ToWireFn<E> = fn(&E) -> (String, Option<Box<RawValue>>);

/// How an error travels.
#[derive(Debug)]
pub struct ErrorCodec<E> {
    pub(crate) to_wire: ToWireFn<E>,
    pub(crate) from_call: fn(Error) -> E,
}

impl<E: ServiceError> ErrorCodec<E> {
    /// By its text, and its value if serde can write it.
    pub(crate) const fn of_service() -> ErrorCodec<E> {
        ErrorCodec { to_wire: E::to_wire, from_call: E::from_call }
    }
}
