//! Several parameters: a JSON object keyed by their names.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::slice;

use serde_core::Deserializer;
use serde_core::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::message::json::Text;
use crate::message::{Violation, json};

use super::functions::{Borrowed, ValueCodec};

/// The name that errors use for the values of a request with several parameters.
const EXPECTED: &str = "an object of parameters";

/// The JSON part of a request, as a server reads it.
pub trait JsonArguments {
    /// What the handler gets.
    type Values;

    #[doc(hidden)]
    fn decode(&self, bytes: &[u8]) -> Result<Self::Values, Violation>;
}

impl<T: Borrowed + ?Sized> JsonArguments for ValueCodec<T> {
    type Values = T::Owned;

    fn decode(&self, bytes: &[u8]) -> Result<T::Owned, Violation> {
        (self.decode)(bytes)
    }
}

/// One value that serde can read.
#[derive(Debug)]
pub struct SerdeParameter<T>(pub(crate) PhantomData<fn() -> T>);

impl<T: DeserializeOwned> JsonArguments for SerdeParameter<T> {
    type Values = T;

    fn decode(&self, bytes: &[u8]) -> Result<T, Violation> {
        json::decode(bytes)
    }
}

/// Several parameters: their names, and how they travel.
#[derive(Debug)]
pub struct NamedParameters<P> {
    /// The names, in order.
    pub names: &'static [&'static str],
    /// How they travel, as nested pairs: `(first, (second, ()))`.
    pub codecs: P,
}

/// The most parameters that are read without allocating.
const FEW: usize = 8;

impl<P: Parameters> JsonArguments for NamedParameters<P> {
    type Values = P::Owned;

    fn decode(&self, bytes: &[u8]) -> Result<P::Owned, Violation> {
        let (mut few, mut many) = ([("", None); FEW], Vec::new());
        let values = match few.get_mut(..self.names.len()) {
            Some(few) => few,
            None => {
                many.resize(self.names.len(), ("", None));
                &mut many
            }
        };
        values.iter_mut().zip(self.names).for_each(|((name, _), known)| *name = known);
        json::text(bytes)
            .and_then(|text| {
                let mut deserializer = serde_json::Deserializer::from_str(text);
                deserializer.deserialize_map(ValuesVisitor(values))?;
                deserializer.end()
            })
            .map_err(|error| json::malformed(EXPECTED, bytes, &error))?;
        self.codecs.decode(&mut NamedValues { values: values.iter() })
    }
}

/// A list of parameters, as nested pairs: `(first, (second, ()))`.
pub trait Parameters {
    /// The values, as nested pairs.
    type Owned;

    #[doc(hidden)]
    fn decode(&self, values: &mut NamedValues<'_>) -> Result<Self::Owned, Violation>;
}

impl Parameters for () {
    type Owned = ();

    fn decode(&self, _values: &mut NamedValues<'_>) -> Result<(), Violation> {
        Ok(())
    }
}

impl<T: Borrowed + ?Sized, Rest: Parameters> Parameters for (ValueCodec<T>, Rest) {
    type Owned = (T::Owned, Rest::Owned);

    fn decode(&self, values: &mut NamedValues<'_>) -> Result<Self::Owned, Violation> {
        Ok((values.decode_next(self.0.decode)?, self.1.decode(values)?))
    }
}

/// A parameter's name and its value, not decoded yet; `None` if absent.
type NamedValue<'a> = (&'static str, Option<&'a RawValue>);

/// The parameters of an object that have not been decoded yet, in order.
#[derive(Debug)]
#[expect(unnameable_types, reason = "a hidden method of a sealed trait takes it")]
pub struct NamedValues<'a> {
    values: slice::Iter<'a, NamedValue<'a>>,
}

impl NamedValues<'_> {
    /// Decodes the next value. An absent value is read as `null`, if its type accepts that.
    fn decode_next<T>(&mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T, Violation> {
        match self.values.next().expect("the macro names every parameter") {
            (name, Some(value)) => {
                decode(value.get().as_bytes()).map_err(|violation| violation.of(format!("the parameter `{name}`")))
            }
            (name, None) => decode(b"null").map_err(|_| Violation::MalformedBody {
                what: String::new(),
                expected: EXPECTED,
                found: String::new(),
                problem: format!("the parameter `{name}` is missing"),
            }),
        }
    }
}

/// Collects the values of an object by name, and ignores names that are not listed.
struct ValuesVisitor<'v, 'de>(&'v mut [NamedValue<'de>]);

impl<'de> Visitor<'de> for ValuesVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // a peer may send any number of them
        let mut unknown = HashSet::new();
        while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            let twice = match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.replace(value).is_some(),
                None => !unknown.insert(name),
            };
            if twice {
                return Err(A::Error::custom("the same parameter twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in any other body: see the test of this name in `message/json.rs`.
    #[test]
    fn what_is_no_utf_8_is_malformed_wherever_it_stands() {
        let none = NamedParameters { names: &[], codecs: () };
        for body in [&b"{\"name\":\"\xff\"}"[..], b"{\"later\":\"\xff\"}", b"{\"\xff\":1}", b"{} \xff"] {
            match none.decode(body) {
                Err(Violation::MalformedBody { expected: EXPECTED, problem, .. }) => {
                    assert!(problem.starts_with("invalid utf-8 sequence of 1 bytes from index"), "{problem}");
                }
                other => panic!("{other:?}"),
            }
        }
        none.decode("{\"later\":\"\u{e4}\"}".as_bytes()).unwrap();
    }
}
