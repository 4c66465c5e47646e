//! Values to be written, without their types.

use serde_core::Serialize;

use crate::message::json::{self, JsonBuffer};

use super::functions::{Borrowed, ParameterCodec};

/// A value that can be written as JSON. Only this library can implement it.
pub trait Encode {
    #[doc(hidden)]
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>;
}

/// A value and how to write it.
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized + Borrowed> {
    pub(super) codec: ParameterCodec<T>,
    pub(super) value: &'a T,
}

impl<T: ?Sized + Borrowed> Encode for Argument<'_, T> {
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        (self.codec.encode)(self.value, out)
    }
}

impl<T: ?Sized + Borrowed> ParameterCodec<T> {
    /// Pairs a value with this codec, to be written.
    pub fn with(self, value: &T) -> Argument<'_, T> {
        Argument { codec: self, value }
    }
}

/// A value that serde can write.
#[derive(Debug)]
pub struct SerdeArgument<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Serialize + ?Sized> Encode for SerdeArgument<'_, T> {
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        json::encode(self.0, out)
    }
}

/// Several values: an object keyed by their names.
pub struct NamedArguments<'a>(pub &'a [(&'static str, &'a dyn Encode)]);

impl Encode for NamedArguments<'_> {
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        for (index, (name, value)) in self.0.iter().enumerate() {
            json::raw(if index == 0 { b"{" } else { b"," }, out);
            json::encode(name, out)?;
            json::raw(b":", out);
            value.encode(out)?;
        }
        json::raw(b"}", out);
        Ok(())
    }
}

impl std::fmt::Debug for NamedArguments<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NamedArguments")
    }
}
