//! JSON bodies: the only place that calls the JSON library for them.
//!
//! A limit holds while bytes are produced, not afterwards. Headers also use from here: the check
//! that JSON is UTF-8, text that borrows, and objects of any fields.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;

use serde_core::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde_core::{Deserialize, Deserializer, Serialize};

use super::{MalformedBody, Violation, excerpt};

/// A buffer that takes bytes up to a limit and counts the rest.
#[derive(Debug)]
#[expect(unnameable_types, reason = "a hidden method of a sealed trait takes it")]
pub struct JsonBuffer<'a> {
    bytes: &'a mut Vec<u8>,
    limit: usize,
    size: usize,
}

impl<'a> JsonBuffer<'a> {
    /// Clears `bytes` and takes at most `limit` of them.
    pub(crate) fn new(bytes: &'a mut Vec<u8>, limit: usize) -> JsonBuffer<'a> {
        bytes.clear();
        JsonBuffer { bytes, limit, size: 0 }
    }

    // inlined where a value is encoded, because that writes many pieces of a few bytes
    /// Adds bytes that are JSON already.
    #[inline]
    pub(crate) fn take(&mut self, buf: &[u8]) {
        self.size += buf.len();
        if self.size <= self.limit {
            self.bytes.extend_from_slice(buf);
        }
    }

    /// Returns the size of all that was written, if it exceeds the limit.
    pub(crate) fn oversize(&self) -> Option<usize> {
        (self.size > self.limit).then_some(self.size)
    }
}

impl Write for JsonBuffer<'_> {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.take(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text that borrows its input unless it has escapes.
#[derive(Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// The fields of a JSON object, in order.
pub(crate) struct Object<'a, V>(pub(crate) Vec<(Text<'a>, V)>);

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Object<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for ObjectVisitor<V> {
    type Value = Object<'de, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Object(fields))
    }
}

/// Appends a value, without white space in it or after it: see `PROTOCOL.md` on original readers.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, out: &mut JsonBuffer<'_>) -> Result<(), serde_json::Error> {
    serde_json::to_writer(out, value)
}

/// Returns a header or body as text; all of it has to be UTF-8. Checked at once, because the JSON
/// library would check each string that it keeps, which takes longer, and none that it ignores.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, serde_json::Error> {
    str::from_utf8(bytes).map_err(serde_json::Error::custom)
}

/// Reads one value. Only white space may surround it.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Violation> {
    let value = text(bytes).and_then(serde_json::from_str);
    value.map_err(|error| malformed(type_name::<T>(), bytes, &error))
}

/// Returns the violation for a body that should have been `expected`.
pub(crate) fn malformed(expected: &'static str, bytes: &[u8], error: &serde_json::Error) -> Violation {
    let mut problem = excerpt::reason(&error.to_string());
    if NO_NUMBER.iter().any(|start| problem.starts_with(start)) {
        problem += "; JSON has no NaN and no infinity, which are sent as null: use `Option<f64>` or text for them";
    }
    let what = "the JSON".to_owned();
    Violation::MalformedBody(Box::new(MalformedBody { what, expected, found: excerpt(bytes), problem }))
}

/// How the JSON reader says that `null` came for a floating-point number.
const NO_NUMBER: [&str; 2] = ["invalid type: null, expected f64", "invalid type: null, expected f32"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_utf_8_is_malformed_wherever_it_stands() {
        for body in [&b"\"\xff\""[..], b"[1,\"a\xc3\"]", b"1 \xff"] {
            let Err(Violation::MalformedBody(malformed)) = decode::<serde_json::Value>(body) else {
                panic!("{body:?} is no JSON");
            };
            let MalformedBody { expected, problem, .. } = *malformed;
            assert!(expected.ends_with("Value"), "{expected}");
            assert!(problem.starts_with("invalid utf-8 sequence of 1 bytes from index"), "{problem}");
        }
        assert_eq!(decode::<String>("\"\u{e4}\"".as_bytes()).unwrap(), "\u{e4}");
    }

    /// It said only how many bytes had come.
    #[test]
    fn an_error_shows_what_came_and_not_all_of_it() {
        let error = decode::<u32>(br#""five""#).unwrap_err().to_string();
        assert_eq!(
            error,
            r#"the JSON does not fit u32, found "five": invalid type: string "five", expected u32 at line 1 column 6"#
        );
        let long = serde_json::to_vec(&"x".repeat(1 << 20)).unwrap();
        let error = decode::<u32>(&long).unwrap_err().to_string();
        assert!(error.len() < 400 && error.contains("xxx…: invalid type: string \"xxx"), "{error}");
    }

    /// JSON has no NaN, so it is written as `null`, which is not a number.
    #[test]
    fn null_for_a_floating_point_number_is_explained() {
        let mut bytes = Vec::new();
        encode(&[1.0, f64::NAN], &mut JsonBuffer::new(&mut bytes, 100)).unwrap();
        for error in [decode::<[f64; 2]>(&bytes).unwrap_err(), decode::<f32>(b"null").unwrap_err()] {
            assert!(error.to_string().contains("no NaN and no infinity"), "{error}");
        }
        for other in [decode::<u32>(b"null"), decode::<u32>(br#""invalid type: null, expected f64""#)] {
            assert!(!other.unwrap_err().to_string().contains("NaN"));
        }
    }

    #[test]
    fn what_is_over_the_limit_is_counted_and_not_kept() {
        let mut bytes = Vec::new();
        let mut out = JsonBuffer::new(&mut bytes, 4);
        encode("abcdef", &mut out).unwrap();
        assert_eq!(out.oversize(), Some(8));
        assert!(bytes.len() <= 4);
    }
}
