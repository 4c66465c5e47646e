//! How the items of a stream of values travel.

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use super::functions::{ErrorCodec, ValueCodec};
use super::service_error::ServiceError;

/// How the items of a stream travel: values of type `T`, and an error of type `E` that ends the
/// stream.
#[derive(Debug)]
pub struct ItemCodec<T, E> {
    pub(crate) value: ValueCodec<T>,
    pub(crate) error: ErrorCodec<E>,
}

/// Returns how items travel, each of which is a value or an error.
pub const fn items<T, E>(value: ValueCodec<T>, error: ErrorCodec<E>) -> ItemCodec<T, E> {
    ItemCodec { value, error }
}

impl<T: Serialize + DeserializeOwned, E: ServiceError> ItemCodec<T, E> {
    /// With serde's types.
    pub(crate) const fn serde() -> Self {
        items(ValueCodec::serde(), ErrorCodec::of_service())
    }
}
