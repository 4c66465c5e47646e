//! Values on their way out, without their types.

use serde_core::Serialize;

use crate::message::json::{self, JsonBuffer};

use super::functions::{Borrowed, ParameterCodec};

/// A value that can be written as JSON. The library implements it, nobody else can.
pub trait Encode {
    #[doc(hidden)]
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>;
}

/// A value and how to write it.
pub struct Argument<'a, T: ?Sized + Borrowed> {
    pub(super) codec: ParameterCodec<T>,
    pub(super) value: &'a T,
}

impl<T: ?Sized + Borrowed> std::fmt::Debug for Argument<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Argument")
    }
}

impl<T: ?Sized + Borrowed> Encode for Argument<'_, T> {
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        (self.codec.encode)(self.value, out)
    }
}

/// A value that serde can write.
pub(crate) struct SerdeArgument<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Serialize + ?Sized> Encode for SerdeArgument<'_, T> {
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        json::encode(self.0, out)
    }
}
