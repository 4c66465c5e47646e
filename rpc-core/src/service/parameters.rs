//! Several parameters: a JSON object keyed by their names.

use std::collections::HashMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::message::{Violation, json};

use super::codec::{Borrowed, ParameterCodec};

/// What the values of a request with several parameters are called in an error.
const EXPECTED: &str = "an object of parameters";

/// A list of parameters, as nested pairs: `(first, (second, ()))`.
pub trait Parameters {
    /// The values, as nested pairs.
    type Owned;

    #[doc(hidden)]
    fn decode(&self, names: &[&'static str], object: &NamedValues<'_>) -> Result<Self::Owned, Violation>;
}

impl Parameters for () {
    type Owned = ();

    fn decode(&self, _names: &[&'static str], _object: &NamedValues<'_>) -> Result<(), Violation> {
        Ok(())
    }
}

impl<T: Borrowed + ?Sized, Rest: Parameters> Parameters for (ParameterCodec<T>, Rest) {
    type Owned = (T::Owned, Rest::Owned);

    fn decode(&self, names: &[&'static str], object: &NamedValues<'_>) -> Result<Self::Owned, Violation> {
        let (name, names) = names.split_first().expect("the macro names every parameter");
        let value = object.decode(name, self.0.decode)?;
        Ok((value, self.1.decode(names, object)?))
    }
}

/// Reads the values from a request's JSON.
pub(crate) fn decode_named<P: Parameters>(
    parameters: &P,
    names: &[&'static str],
    bytes: &[u8],
) -> Result<P::Owned, Violation> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let values = deserializer
        .deserialize_map(ValuesVisitor)
        .and_then(|values| deserializer.end().map(|()| values))
        .map_err(|error| json::malformed(EXPECTED, bytes, &error))?;
    parameters.decode(names, &NamedValues { values, len: bytes.len() })
}

/// The values of an object, not decoded yet.
#[derive(Debug)]
#[expect(unnameable_types, reason = "a hidden method of a sealed trait takes it")]
pub struct NamedValues<'a> {
    values: HashMap<String, &'a RawValue>,
    len: usize,
}

impl NamedValues<'_> {
    /// Names that nobody asks for are ignored; one that is absent is taken for `null`, if its type has that.
    fn decode<T>(&self, name: &str, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T, Violation> {
        match self.values.get(name) {
            Some(value) => decode(value.get().as_bytes()).map_err(|violation| in_parameter(name, violation)),
            None => decode(b"null").map_err(|_| Violation::MalformedBody {
                expected: EXPECTED,
                len: self.len,
                problem: format!("the parameter `{name}` is missing"),
            }),
        }
    }
}

fn in_parameter(name: &str, violation: Violation) -> Violation {
    match violation {
        Violation::MalformedBody { expected, len, problem } => {
            Violation::MalformedBody { expected, len, problem: format!("parameter `{name}`: {problem}") }
        }
        other => other,
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = HashMap<String, &'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if let Some(_first) = values.insert(name, value) {
                return Err(A::Error::custom("the same parameter twice"));
            }
        }
        Ok(values)
    }
}
