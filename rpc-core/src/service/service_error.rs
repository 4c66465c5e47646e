//! What an error needs in order to cross the wire.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// The error type of a service's methods: [`rpc_core::Error`](Error), or any `E: Display + Serialize + DeserializeOwned +
/// From<rpc_core::Error>`.
///
/// What went wrong on the way (the transport, the protocol, a limit) becomes an `E` by `From<rpc_core::Error>`. So does, at
/// present, what the handler itself returned: revision 0 of the protocol carries its text, as
/// [`Error::Remote`](crate::Error::Remote).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an RPC method",
    label = "not an error that crosses the wire",
    note = "use `rpc_core::Error`, or implement `Display`, `From<rpc_core::Error>` and serde's `Serialize` and `Deserialize`"
)]
pub trait ServiceError: Sized {
    /// The error that a caller gets.
    #[doc(hidden)]
    fn from_call(error: Error) -> Self;

    /// The text that travels.
    #[doc(hidden)]
    fn text(&self) -> String;
}

impl ServiceError for Error {
    fn from_call(error: Error) -> Self {
        error
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl<E> ServiceError for E
where
    E: Display + Serialize + DeserializeOwned + From<Error>,
{
    fn from_call(error: Error) -> Self {
        E::from(error)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}
