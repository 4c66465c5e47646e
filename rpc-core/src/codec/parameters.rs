//! The values of a request, by the names of their parameters.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::slice;

use serde_core::Deserializer;
use serde_core::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::message::json::Text;
use crate::message::{Violation, excerpt, json};

use super::bad_arguments::BadArguments;
use super::form::Form;
use super::functions::{Borrowed, ValueCodec};

/// What errors call the JSON of a request as a whole.
const REQUEST: &str = "the request";

/// What it should be if values are named.
const OBJECT: &str = "an object of parameters";

/// The JSON part of a request, as a server reads it.
pub trait JsonArguments {
    /// What the handler gets.
    type Values;

    #[doc(hidden)]
    fn decode(&self, json: &[u8], form: Form) -> Result<Self::Values, BadArguments>;
}

/// One value that serde can read: the whole JSON, whatever its form.
#[derive(Debug)]
pub struct SerdeParameter<T>(pub(crate) PhantomData<fn() -> T>);

impl<T: DeserializeOwned> JsonArguments for SerdeParameter<T> {
    type Values = T;

    fn decode(&self, json: &[u8], _form: Form) -> Result<T, BadArguments> {
        json::decode(json).map_err(malformed)
    }
}

/// Any number of parameters: their names, and how their values travel.
#[derive(Debug)]
pub struct NamedParameters<P> {
    names: &'static [&'static str],
    aliases: &'static [(&'static str, &'static str)],
    codecs: P,
}

/// No parameters.
pub(crate) const NO_PARAMETERS: NamedParameters<()> = NamedParameters::new(&[], ());

impl<P> NamedParameters<P> {
    /// Returns parameters with these names, in order. `codecs` are nested pairs: `(first, (second,
    /// ()))`.
    pub const fn new(names: &'static [&'static str], codecs: P) -> NamedParameters<P> {
        NamedParameters { names, aliases: &[], codecs }
    }

    /// Sets other names under which values are accepted, each with its parameter's name.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [(&'static str, &'static str)]) -> NamedParameters<P> {
        self.aliases = aliases;
        self
    }
}

/// The most parameters that are read without allocating.
const FEW: usize = 8;

impl<P: Parameters> JsonArguments for NamedParameters<P> {
    type Values = P::Owned;

    fn decode(&self, json: &[u8], form: Form) -> Result<P::Owned, BadArguments> {
        let (mut few, mut many) = ([("", None); FEW], Vec::new());
        let values = match few.get_mut(..self.names.len()) {
            Some(few) => few,
            None => {
                many.resize(self.names.len(), ("", None));
                &mut many
            }
        };
        values.iter_mut().zip(self.names).for_each(|((name, _), known)| *name = known);
        find_values(json, form, values, self.names, self.aliases)?;
        self.codecs.decode(&mut NamedValues(values.iter()))
    }
}

/// A list of parameters, as nested pairs: `(first, (second, ()))`.
pub trait Parameters {
    /// The values, as nested pairs.
    type Owned;

    #[doc(hidden)]
    fn decode(&self, values: &mut NamedValues<'_>) -> Result<Self::Owned, BadArguments>;
}

impl Parameters for () {
    type Owned = ();

    fn decode(&self, _values: &mut NamedValues<'_>) -> Result<(), BadArguments> {
        Ok(())
    }
}

impl<T: Borrowed + ?Sized, Rest: Parameters> Parameters for (ValueCodec<T>, Rest) {
    type Owned = (T::Owned, Rest::Owned);

    fn decode(&self, values: &mut NamedValues<'_>) -> Result<Self::Owned, BadArguments> {
        Ok((values.decode_next(self.0.decode)?, self.1.decode(values)?))
    }
}

/// A parameter's name and the JSON of its value; `None` if absent.
type NamedValue<'a> = (&'static str, Option<&'a [u8]>);

/// The values that have not been decoded yet, in order.
#[derive(Debug)]
#[expect(unnameable_types, reason = "a hidden method of a sealed trait takes it")]
pub struct NamedValues<'a>(slice::Iter<'a, NamedValue<'a>>);

impl NamedValues<'_> {
    /// Decodes the next value. An absent value is read as `null`, if its type accepts that.
    fn decode_next<T>(&mut self, decode: fn(&[u8]) -> Result<T, Violation>) -> Result<T, BadArguments> {
        let &(name, value) = self.0.next().expect("each codec has a name");
        decode(value.unwrap_or(b"null")).map_err(|violation| match value {
            Some(_) => BadArguments::Malformed(violation.of(format!("the parameter `{name}`"))),
            None => BadArguments::Missing { name },
        })
    }
}

/// Finds the JSON of each value. Refuses what would be dropped, except from a peer of revision 0.
fn find_values<'a>(
    json: &'a [u8],
    form: Form,
    values: &mut [NamedValue<'a>],
    known: &'static [&'static str],
    aliases: &'static [(&'static str, &'static str)],
) -> Result<(), BadArguments> {
    match (form, values) {
        (Form::Absent, _) => Ok(()),
        (Form::BySignature, []) => json::decode::<IgnoredAny>(json).map(drop).map_err(malformed),
        (Form::Bare, []) => json::decode(json).map_err(|_| BadArguments::TakesNone { found: excerpt(json) }),
        (Form::BySignature, [(_, value)]) | (Form::Bare, [(_, value), ..]) => {
            *value = Some(json);
            Ok(())
        }
        (Form::BySignature | Form::Named, values) => {
            let strict = form == Form::Named;
            let object = ObjectVisitor { values, known, aliases, strict };
            let read = json::text(json).and_then(|text| {
                let mut deserializer = serde_json::Deserializer::from_str(text);
                let read = deserializer.deserialize_map(object)?;
                deserializer.end().map(|()| read)
            });
            read.unwrap_or_else(|error| Err(malformed(json::malformed(OBJECT, json, &error))))
        }
    }
}

fn malformed(violation: Violation) -> BadArguments {
    BadArguments::Malformed(violation.of(REQUEST))
}

/// Collects the values of an object by their names.
struct ObjectVisitor<'v, 'de> {
    values: &'v mut [NamedValue<'de>],
    known: &'static [&'static str],
    aliases: &'static [(&'static str, &'static str)],
    /// Whether values that nobody takes are refused.
    strict: bool,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_, 'de> {
    type Value = Result<(), BadArguments>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(OBJECT)
    }

    /// Reads the object to its end, and returns the first mistake in it.
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        // a peer may send any number of them
        let mut unknown = HashSet::new();
        let mut outcome = Ok(());
        while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            outcome = outcome.and_then(|()| self.take(name, value.get(), &mut unknown));
        }
        Ok(outcome)
    }
}

impl<'de> ObjectVisitor<'_, 'de> {
    /// Takes one value.
    fn take(
        &mut self,
        name: Cow<'de, str>,
        json: &'de str,
        unknown: &mut HashSet<Cow<'de, str>>,
    ) -> Result<(), BadArguments> {
        let alias = self.aliases.iter().find(|(alias, _)| *alias == name);
        let present = alias.map_or(&*name, |(_, present)| present);
        match self.values.iter_mut().find(|(known, _)| *known == present) {
            Some((present, value)) => match value.replace(json.as_bytes()) {
                None => Ok(()),
                Some(_) => {
                    let aliases = self.aliases.iter().filter(|(_, of)| of == present);
                    Err(BadArguments::twice(present, aliases.map(|(alias, _)| *alias).collect()))
                }
            },
            None if self.strict && json != "null" => {
                Err(BadArguments::Unknown { name: excerpt(name.as_bytes()), known: self.known })
            }
            None if unknown.contains(&name) => Err(BadArguments::twice(&name, Vec::new())),
            None => {
                unknown.insert(name);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::parameter;

    type Two = (ValueCodec<str>, (ValueCodec<Option<u32>>, ()));

    /// `fn put(name: &str, #[rpc(alias = "count")] size: Option<u32>)`.
    const PUT: NamedParameters<Two> =
        NamedParameters::new(&["name", "size"], (parameter(), (parameter(), ()))).aliases(&[("count", "size")]);

    fn put(json: &str, form: Form) -> Result<(String, Option<u32>), String> {
        let decoded = PUT.decode(json.as_bytes(), form);
        decoded.map(|(name, (size, ()))| (name, size)).map_err(|problem| problem.to_string())
    }

    fn of(name: &str, size: Option<u32>) -> Result<(String, Option<u32>), String> {
        Ok((name.to_owned(), size))
    }

    #[test]
    fn each_form_has_its_own_rule() {
        assert_eq!(put(r#" "a" "#, Form::Bare), of("a", None));
        for form in [Form::Named, Form::BySignature] {
            assert_eq!(put(r#"{"size":1,"name":"a"}"#, form), of("a", Some(1)));
            assert_eq!(put(r#"{"name":"a","later":null,"count":1}"#, form), of("a", Some(1)));
            assert_eq!(put(r#"{"name":"a"}"#, form), of("a", None));
            assert_eq!(put("{}", form).unwrap_err(), "the parameter `name` is missing");
        }
        assert_eq!(put(r#"{"name":"a","later":1}"#, Form::BySignature), of("a", None));
        assert_eq!(put("null", Form::Absent).unwrap_err(), "the parameter `name` is missing");
    }

    #[test]
    fn what_a_caller_names_is_not_dropped() {
        let said = |json| put(json, Form::Named).unwrap_err();
        assert_eq!(said(r#"{"name":"a","dry_run":true}"#), "unknown parameter `dry_run`, there are: name, size");
        assert_eq!(said(r#"{"name":"a","name":"b"}"#), "the parameter `name` is there twice");
        assert_eq!(said(r#"{"later":null,"later":null}"#), "the parameter `later` is there twice");
        for both in [r#"{"size":1,"count":1}"#, r#"{"count":1,"size":1}"#, r#"{"count":null,"count":null}"#] {
            assert_eq!(said(both), "the parameter `size` is there twice, `count` is another name of it");
        }
        let long = format!(r#"{{"{}":1}}"#, "x".repeat(1 << 20));
        assert!(said(&long).len() < 200, "{}", said(&long));
    }

    #[test]
    fn a_method_without_parameters_takes_nothing() {
        let decode =
            |json: &str, form| NO_PARAMETERS.decode(json.as_bytes(), form).map_err(|problem| problem.to_string());
        for (json, form) in
            [("[1]", Form::BySignature), ("null", Form::Bare), ("{}", Form::Named), (r#"{"a":null}"#, Form::Named)]
        {
            assert_eq!(decode(json, form), Ok(()), "{json}");
        }
        assert_eq!(decode("5", Form::Bare).unwrap_err(), "the method takes no values, found 5");
        assert_eq!(decode(r#"{"a":5}"#, Form::Named).unwrap_err(), "unknown parameter `a`, the method takes no values");
        assert!(decode("5 5", Form::BySignature).is_err());
    }

    #[test]
    fn a_value_that_does_not_fit_is_named_and_shown() {
        let expected = r#"the parameter `size` does not fit Option<u32>, found "b": invalid type: string "b", expected u32 at line 1 column 3"#;
        assert_eq!(put(r#"{"name":"a","size":"b"}"#, Form::Named).unwrap_err(), expected);
        let expected = "the parameter `name` does not fit String, found null: invalid type: null, expected a string at line 1 column 4";
        assert_eq!(put("null", Form::Bare).unwrap_err(), expected);
        let expected = "the request does not fit an object of parameters, found [1]: invalid type: sequence, expected an object of parameters at line 1 column 0";
        assert_eq!(put("[1]", Form::Named).unwrap_err(), expected);
    }

    /// As in any other body: see the test of this name in `message/json.rs`.
    #[test]
    fn what_is_no_utf_8_is_malformed_wherever_it_stands() {
        for body in [&b"{\"name\":\"\xff\"}"[..], b"{\"later\":\"\xff\"}", b"{\"\xff\":1}", b"{} \xff"] {
            match PUT.decode(body, Form::BySignature) {
                Err(BadArguments::Malformed(Violation::MalformedBody(malformed))) => {
                    assert_eq!(malformed.expected, OBJECT);
                    assert!(
                        malformed.problem.starts_with("invalid utf-8 sequence of 1 bytes from index"),
                        "{malformed}"
                    );
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(put("{\"name\":\"a\",\"later\":\"\u{e4}\"}", Form::BySignature), of("a", None));
    }
}
