//! The bounds on users' types, each on one function.
//!
//! One mistake shall be one error. For an impl with several conditions the compiler reports each
//! that does not hold; if two impls might apply, it reports the trait once, with the trait's own
//! message. That is what the second impl of each trait below is for: no type meets its condition.
//! `By` distinguishes the impls, and the compiler always infers it.

use std::convert::Infallible;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use super::functions::{Borrowed, ErrorCodec, ValueCodec};
use super::service_error::ServiceError;

/// Selects the impl for types that serde can write and read.
#[derive(Debug)]
pub enum Serde {}

/// Selects the impl that applies to no type.
#[derive(Debug)]
pub enum Nothing {}

/// Implemented by no type.
pub trait Never {
    /// Never evaluated.
    const NEVER: Infallible;
}

/// The requirement on a parameter of a generated method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a service",
    label = "serde cannot write and read this",
    note = "every type in it needs `#[derive(serde::Serialize, serde::Deserialize)]`, and none may borrow what it is read from"
)]
pub trait ParameterBy<By>: Borrowed {
    /// How it travels.
    const CODEC: ValueCodec<Self>;
}

impl<T> ParameterBy<Serde> for T
where
    T: Borrowed + Serialize + ?Sized,
    T::Owned: DeserializeOwned,
{
    const CODEC: ValueCodec<T> = ValueCodec::serde();
}

impl<T: Borrowed + Never + ?Sized> ParameterBy<Nothing> for T {
    const CODEC: ValueCodec<T> = match T::NEVER {};
}

/// Returns how a parameter of type `T` travels.
pub const fn parameter<T: ParameterBy<By> + ?Sized, By>() -> ValueCodec<T> {
    T::CODEC
}

/// The requirement on the result of a generated method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a service's method, or an item of a stream",
    label = "serde cannot write and read this",
    note = "every type in it needs `#[derive(serde::Serialize, serde::Deserialize)]`, and none may borrow what it is read from"
)]
pub trait ResultBy<By>: Sized {
    /// How it travels.
    const CODEC: ValueCodec<Self>;
}

impl<T: Serialize + DeserializeOwned> ResultBy<Serde> for T {
    const CODEC: ValueCodec<T> = ValueCodec::serde();
}

impl<T: Never> ResultBy<Nothing> for T {
    const CODEC: ValueCodec<T> = match T::NEVER {};
}

/// Returns how a result of type `T` travels.
pub const fn result<T: ResultBy<By>, By>() -> ValueCodec<T> {
    T::CODEC
}

/// The requirement on the error of a generated method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a service's method, or of an item",
    label = "not an error that can travel",
    note = "use `rpc_core::Error`, or give your own error `#[derive(serde::Serialize, serde::Deserialize)]`, `Display` and \
            `From<rpc_core::Error>`"
)]
pub trait ErrorBy<By>: Sized {
    /// How it travels.
    const CODEC: ErrorCodec<Self>;
}

impl<E: ServiceError> ErrorBy<Serde> for E {
    const CODEC: ErrorCodec<E> = ErrorCodec::of_service();
}

impl<E: Never> ErrorBy<Nothing> for E {
    const CODEC: ErrorCodec<E> = match E::NEVER {};
}

/// Returns how an error of type `E` travels.
pub const fn error<E: ErrorBy<By>, By>() -> ErrorCodec<E> {
    E::CODEC
}
