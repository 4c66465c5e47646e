//! Values to be written, without their types.

use serde_core::Serialize;

use crate::message::json::{self, JsonBuffer};

use super::functions::{Borrowed, EncodeFn, ValueCodec};

/// A value that can be written as JSON. Only this library can implement it.
pub trait Encode {
    /// Returns whether the JSON is an object of parameters.
    #[doc(hidden)]
    fn is_named(&self) -> bool;

    #[doc(hidden)]
    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error>;
}

/// A value and how to write it.
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized> {
    value: &'a T,
    encode: EncodeFn<T>,
    named: bool,
}

/// What is sent without parameters.
pub(crate) const NULL: Argument<'static, ()> = Argument::serde(&());

impl<'a, T: Serialize + ?Sized> Argument<'a, T> {
    /// Returns an argument that serde writes.
    pub(crate) const fn serde(value: &'a T) -> Argument<'a, T> {
        Argument { value, encode: json::encode::<T>, named: false }
    }
}

impl<T: ?Sized> Argument<'_, T> {
    /// Says whether the value is an object of parameters.
    pub(crate) fn named(self, named: bool) -> Self {
        Argument { named, ..self }
    }
}

impl<T: ?Sized> Encode for Argument<'_, T> {
    fn is_named(&self) -> bool {
        self.named
    }

    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        (self.encode)(self.value, out)
    }
}

impl<T: ?Sized + Borrowed> ValueCodec<T> {
    /// Returns a value with the function that writes it.
    pub fn with<'a>(&self, value: &'a T) -> Argument<'a, T> {
        Argument { value, encode: self.encode, named: false }
    }
}

/// Several values: an object keyed by their names.
pub struct NamedArguments<'a>(pub &'a [(&'static str, &'a dyn Encode)]);

impl Encode for NamedArguments<'_> {
    fn is_named(&self) -> bool {
        true
    }

    fn encode(&self, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
        for (index, (name, value)) in self.0.iter().enumerate() {
            out.take(if index == 0 { b"{" } else { b"," });
            json::encode(name, out)?;
            out.take(b":");
            value.encode(out)?;
        }
        out.take(b"}");
        Ok(())
    }
}

impl std::fmt::Debug for NamedArguments<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NamedArguments")
    }
}
