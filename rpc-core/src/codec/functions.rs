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

/// How a parameter is written and read.
pub struct ParameterCodec<T: ?Sized + Borrowed> {
    pub(super) encode: fn(&T, &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>,
    pub(crate) decode: fn(&[u8]) -> Result<T::Owned, Violation>,
}

impl<T: ?Sized + Borrowed> ParameterCodec<T> {
    /// By serde.
    pub(super) const fn serde() -> ParameterCodec<T>
    where
        T: Serialize,
        T::Owned: DeserializeOwned,
    {
        ParameterCodec { encode: json::encode::<T>, decode: json::decode::<T::Owned> }
    }
}

/// How a result is written and read.
#[derive(Debug)]
pub struct ResultCodec<T> {
    pub(crate) encode: fn(&T, &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>,
    pub(crate) decode: fn(&[u8]) -> Result<T, Violation>,
}

impl<T> ResultCodec<T> {
    /// By serde.
    pub(crate) const fn serde() -> ResultCodec<T>
    where
        T: Serialize + DeserializeOwned,
    {
        ResultCodec { encode: json::encode::<T>, decode: json::decode::<T> }
    }
}

/// Returns how a result of `()` travels: it is sent as `null`, and any JSON is accepted for it.
pub const fn unit() -> ResultCodec<()> {
    ResultCodec { encode: json::encode::<()>, decode: |bytes| json::decode::<IgnoredAny>(bytes).map(drop) }
}

/// How an error travels.
#[derive(Debug)]
pub struct ErrorCodec<E> {
    pub(crate) text: fn(&E) -> String,
    pub(crate) details: fn(&E) -> Option<Box<RawValue>>,
    pub(crate) from_call: fn(Error) -> E,
}

impl<E: ServiceError> ErrorCodec<E> {
    /// By its text, and its value if serde can write it.
    pub(crate) const fn of_service() -> ErrorCodec<E> {
        ErrorCodec { text: E::text, details: E::to_details, from_call: E::from_call }
    }
}

impl<T: ?Sized + Borrowed> std::fmt::Debug for ParameterCodec<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ParameterCodec")
    }
}
