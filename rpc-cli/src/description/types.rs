//! The type of a value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What a value looks like as JSON.
#[derive(Debug, Default)]
pub(crate) enum Type {
    /// Anything, and what this program does not know because it is older than the server.
    #[default]
    Any,
    Null,
    Bool,
    String,
    /// Of this kind: `u8`, `int`, `f64`, and so on.
    Number(&'static str),
    Optional(Box<Type>),
    Array(Box<Type>),
    Tuple(Vec<Type>),
    /// The type of the values; the keys are strings.
    Map(Box<Type>),
    Object(Object),
    /// One of these.
    Enum(Vec<Type>),
    /// This JSON and no other.
    Const(Box<RawValue>),
    /// A name in the description's types, if the server keeps its word.
    Ref(String),
}

/// The fields of an object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) fields: BTreeMap<String, Type>,
    /// Those that need not be there.
    pub(crate) may_lack: BTreeSet<String>,
}

const NUMBERS: [&str; 14] =
    ["i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128", "int", "f32", "f64", "number"];

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Type, D::Error> {
        deserializer.deserialize_any(TypeVisitor)
    }
}

struct TypeVisitor;

impl<'de> Visitor<'de> for TypeVisitor {
    type Value = Type;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a type: its name or an object")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Type, E> {
        let number = NUMBERS.iter().find(|number| **number == word);
        Ok(match word {
            "null" => Type::Null,
            "bool" => Type::Bool,
            "string" => Type::String,
            _ => number.map_or(Type::Any, |number| Type::Number(number)),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Type, A::Error> {
        let (mut found, mut may_lack) = (None, BTreeSet::new());
        while let Some(key) = map.next_key::<String>()? {
            let ty = match key.as_str() {
                "optional" => Type::Optional(map.next_value()?),
                "array" => Type::Array(map.next_value()?),
                "tuple" => Type::Tuple(map.next_value()?),
                "map" => Type::Map(map.next_value()?),
                "object" => Type::Object(Object { fields: map.next_value()?, may_lack: BTreeSet::new() }),
                "enum" => Type::Enum(map.next_value()?),
                "const" => Type::Const(map.next_value()?),
                "ref" => Type::Ref(map.next_value()?),
                "may_lack" => {
                    may_lack = map.next_value()?;
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if found.replace(ty).is_some() {
                return Err(Error::custom(format!("a type of two kinds, one of them \"{key}\"")));
            }
        }
        if let Some(Type::Object(object)) = &mut found {
            object.may_lack = may_lack;
        }
        Ok(found.unwrap_or_default())
    }
}
