//! What a reply consists of, with how its value and its error travel.

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::message::DataType;

use super::functions::{ErrorCodec, ValueCodec};
use super::items::ItemCodec;
use super::service_error::ServiceError;

/// What a reply consists of.
pub trait ReplyKind {
    /// Its body.
    const DATA_TYPE: DataType;
}

/// One JSON value of type `T`, or an error of type `E`.
#[derive(Debug)]
pub struct JsonReply<T, E> {
    pub(crate) result: ValueCodec<T>,
    pub(crate) error: ErrorCodec<E>,
}

/// Raw bytes, or an error of type `E`.
#[derive(Debug)]
pub struct OctetsReply<E> {
    pub(crate) error: ErrorCodec<E>,
}

/// One JSON value of type `T` and raw bytes, or an error of type `E`.
#[derive(Debug)]
pub struct JsonAndOctetsReply<T, E>(pub(crate) JsonReply<T, E>);

/// A stream of values of type `T`, or an error of type `E`. In mid-stream the error is an `F`.
#[derive(Debug)]
pub struct ValuesReply<T, F, E> {
    pub(crate) items: ItemCodec<T, F>,
    pub(crate) error: ErrorCodec<E>,
}

/// One JSON value of type `T` and a stream of values of type `U`, or an error of type `E`. In
/// mid-stream the error is an `F`.
#[derive(Debug)]
pub struct JsonAndValuesReply<T, U, F, E> {
    pub(crate) json: JsonReply<T, E>,
    pub(crate) items: ItemCodec<U, F>,
}

impl<T, F, E> ReplyKind for ValuesReply<T, F, E> {
    const DATA_TYPE: DataType = DataType::Octets;
}

impl<T, U, F, E> ReplyKind for JsonAndValuesReply<T, U, F, E> {
    const DATA_TYPE: DataType = DataType::MarshaledJsonThenOctets;
}

impl<T, E> ReplyKind for JsonReply<T, E> {
    const DATA_TYPE: DataType = DataType::MarshaledJson;
}

impl<E> ReplyKind for OctetsReply<E> {
    const DATA_TYPE: DataType = DataType::Octets;
}

impl<T, E> ReplyKind for JsonAndOctetsReply<T, E> {
    const DATA_TYPE: DataType = DataType::MarshaledJsonThenOctets;
}

impl<T: Serialize + DeserializeOwned, E: ServiceError> JsonReply<T, E> {
    /// With serde's types.
    pub const fn serde() -> Self {
        JsonReply { result: ValueCodec::serde(), error: ErrorCodec::of_service() }
    }
}

impl<E: ServiceError> OctetsReply<E> {
    /// With a service's error.
    pub const fn serde() -> Self {
        OctetsReply { error: ErrorCodec::of_service() }
    }
}

impl<T: Serialize + DeserializeOwned, E: ServiceError> JsonAndOctetsReply<T, E> {
    /// With serde's types.
    pub const fn serde() -> Self {
        JsonAndOctetsReply(JsonReply::serde())
    }
}

impl<T: Serialize + DeserializeOwned, F: ServiceError, E: ServiceError> ValuesReply<T, F, E> {
    /// With serde's types.
    pub const fn serde() -> Self {
        ValuesReply { items: ItemCodec::serde(), error: ErrorCodec::of_service() }
    }
}

impl<T, U, F, E> JsonAndValuesReply<T, U, F, E>
where
    T: Serialize + DeserializeOwned,
    U: Serialize + DeserializeOwned,
    F: ServiceError,
    E: ServiceError,
{
    /// With serde's types.
    pub const fn serde() -> Self {
        JsonAndValuesReply { json: JsonReply::serde(), items: ItemCodec::serde() }
    }
}
