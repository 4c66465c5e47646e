//! Methods and types as Rust would write them. Everything of the server's is escaped, and nothing
//! is written twice.

use std::fmt::{self, Display, Formatter};

use crate::description::{Carries, Method, Object, Parameter, Stream, Type};
use crate::escape::text;

/// What a method takes and returns, without its name.
pub(crate) struct Signature<'a>(pub(crate) &'a Method);

/// A type on one line.
pub(crate) struct Shown<'a>(pub(crate) &'a Type);

/// A parameter of a method.
pub(crate) enum Argument<'a> {
    Value(&'a Parameter),
    Stream(&'a Stream),
    /// Values that the server does not know.
    Unknown,
}

/// What a method takes, in order; the stream comes last.
pub(crate) fn arguments(method: &Method) -> impl Iterator<Item = Argument<'_>> {
    let values = method.takes.parameters.iter().flatten().map(Argument::Value);
    let unknown = method.takes.parameters.is_none().then_some(Argument::Unknown);
    values.chain(unknown).chain(method.takes.stream.as_ref().map(Argument::Stream))
}

/// What follows the arguments: an arrow and a type, or nothing.
pub(crate) struct Returned<'a>(pub(crate) &'a Method);

impl Display for Signature<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        separated(f, ", ", arguments(self.0))?;
        write!(f, "){}", Returned(self.0))
    }
}

impl Display for Argument<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Argument::Value(parameter) => write!(f, "{}: {}", text(&parameter.name), Shown(&parameter.ty)),
            Argument::Stream(stream) => {
                write!(f, "{}: {}", text(stream.name.as_deref().unwrap_or("_")), Carried(stream))
            }
            Argument::Unknown => f.write_str("…"),
        }
    }
}

impl Display for Returned<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let returns = &self.0.returns;
        match (&returns.value, &returns.stream) {
            (None | Some(Type::Null), None) => Ok(()),
            (Some(value), None) => write!(f, " -> {}", Shown(value)),
            (None, Some(stream)) => write!(f, " -> {}", Carried(stream)),
            (Some(value), Some(stream)) => write!(f, " -> ({}, {})", Shown(value), Carried(stream)),
        }
    }
}

/// A stream as a type.
struct Carried<'a>(&'a Stream);

impl Display for Carried<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.0.carries, &self.0.item) {
            (Carries::Values, Some(item)) => write!(f, "impl Iterator<Item = {}>", Shown(item)),
            _ => f.write_str("impl Read"),
        }
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Type::Any => f.write_str("any"),
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("bool"),
            Type::String => f.write_str("string"),
            Type::Number(kind) => f.write_str(kind),
            Type::Optional(ty) => write!(f, "Option<{}>", Shown(ty)),
            Type::Array(ty) => write!(f, "[{}]", Shown(ty)),
            Type::Map(ty) => write!(f, "Map<string, {}>", Shown(ty)),
            Type::Tuple(types) => {
                f.write_str("(")?;
                separated(f, ", ", types.iter().map(Shown))?;
                f.write_str(if types.len() == 1 { ",)" } else { ")" })
            }
            Type::Object(object) => {
                f.write_str("{")?;
                separated(f, ", ", fields(object))?;
                f.write_str("}")
            }
            Type::Enum(types) if types.is_empty() => f.write_str("!"),
            Type::Enum(types) => separated(f, " | ", types.iter().map(Shown)),
            Type::Const(json) => f.write_str(&crate::escape::json(json.get())),
            Type::Ref(name) => f.write_str(&text(name)),
        }
    }
}

/// A field of an object, without its type.
pub(crate) struct FieldName<'a> {
    name: &'a str,
    may_lack: bool,
}

impl Display for FieldName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}: ", text(self.name), if self.may_lack { "?" } else { "" })
    }
}

/// The fields of an object, each with what stands before its type.
pub(crate) fn named_fields(object: &Object) -> impl Iterator<Item = (FieldName<'_>, &Type)> {
    object.fields.iter().map(|(name, ty)| (FieldName { name, may_lack: object.may_lack.contains(name) }, ty))
}

fn fields(object: &Object) -> impl Iterator<Item = impl Display> {
    named_fields(object).map(|(name, ty)| Pair(name, Shown(ty)))
}

struct Pair<A, B>(A, B);

impl<A: Display, B: Display> Display for Pair<A, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0, self.1)
    }
}

fn separated(f: &mut Formatter<'_>, by: &str, parts: impl Iterator<Item = impl Display>) -> fmt::Result {
    for (i, part) in parts.enumerate() {
        f.write_str(if i == 0 { "" } else { by })?;
        write!(f, "{part}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Description;

    #[test]
    fn signatures_are_as_in_rust() {
        let description = Description::read(include_str!("description/fixture.json")).unwrap();
        let shown: Vec<_> = description.methods().map(|method| Signature(method).to_string()).collect();
        assert_eq!(
            shown,
            [
                "(name: string, content: impl Read) -> u64",
                "(name: string, offset: Option<u64>) -> (Entry, impl Read)",
                "(prefix: Option<string>) -> impl Iterator<Item = Entry>",
                "(user: string, secret: any)",
            ]
        );
    }

    #[test]
    fn types_are_as_in_rust() {
        let cases = [
            (r#"{"array":{"optional":"u8"}}"#, "[Option<u8>]"),
            (r#"{"map":{"tuple":["f64"]}}"#, "Map<string, (f64,)>"),
            (r#"{"object":{"a":"bool","b":"int"},"may_lack":["b"]}"#, "{a: bool, b?: int}"),
            (r#"{"enum":[{"const":"A"},"null",{"const":{"x":[1]}}]}"#, r#""A" | null | {"x":[1]}"#),
            (r#"{"enum":[]}"#, "!"),
            ("{\"ref\":\"\\u001b[2J\"}", r"\u{1b}[2J"),
            ("{\"const\":\"\u{9b}\"}", r#""\u009b""#),
            ("{\"object\":{\"\u{202e}\":\"any\"}}", r"{\u{202e}: any}"),
        ];
        for (json, expected) in cases {
            let ty: Type = serde_json::from_str(json).unwrap();
            assert_eq!(Shown(&ty).to_string(), expected);
        }
    }

    #[test]
    fn what_a_contract_leaves_out_is_an_ellipsis() {
        let method = serde_json::from_str(r#"{"name":"a","takes":{"stream":{"carries":"octets"}}}"#).unwrap();
        assert_eq!(Signature(&method).to_string(), "(…, _: impl Read)");
    }
}
