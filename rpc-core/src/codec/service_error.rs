//! What an error needs to cross the wire.

use std::fmt::Display;

use serde_core::Serialize;
use serde_core::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Error;

/// The error type of a service's methods: [`rpc_core::Error`](Error), or any `E: Display +
/// Serialize + DeserializeOwned + From<rpc_core::Error>`.
///
/// An error that a handler returns arrives as the same value, if both sides speak revision 1 of the
/// protocol and it takes at most 2 KiB as JSON. Otherwise its text arrives, as
/// [`Error::Remote`](crate::Error::Remote), and becomes an `E` by `From<rpc_core::Error>`. So do
/// failures on the way: of the transport, the protocol, or a limit.
///
/// If an iterator that a caller sends ends with an `E`, the call returns that.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an RPC method",
    label = "not an error that crosses the wire",
    note = "use `rpc_core::Error`, or implement `Display`, `From<rpc_core::Error>` and serde's `Serialize` and `Deserialize`"
)]
pub trait ServiceError: Sized {
    /// Converts the error of a call into what the caller gets.
    #[doc(hidden)]
    fn from_call(error: Error) -> Self;

    /// Returns the text that travels, and the value that travels with it.
    #[doc(hidden)]
    fn to_wire(&self) -> (String, Option<Box<RawValue>>);
}

impl ServiceError for Error {
    fn from_call(error: Error) -> Self {
        error
    }

    fn to_wire(&self) -> (String, Option<Box<RawValue>>) {
        let details = self.remote().and_then(|remote| remote.details.clone());
        (self.to_string(), details.and_then(|json| RawValue::from_string(json.into()).ok()))
    }
}

impl<E: Display + Serialize + DeserializeOwned + From<Error>> ServiceError for E {
    fn from_call(error: Error) -> Self {
        let value = error.details().or_else(|| error.source_details());
        value.unwrap_or_else(|| E::from(error))
    }

    fn to_wire(&self) -> (String, Option<Box<RawValue>>) {
        (self.to_string(), to_raw_value(self).ok())
    }
}
