//! The types that a method names, and those that they name.

use std::collections::BTreeSet;

use crate::description::{Description, Method, Type};

/// Returns each name once, also of types that the server does not describe, and however the types
/// name each other.
pub(super) fn needed<'a>(description: &'a Description, methods: impl Iterator<Item = &'a Method>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&Type> = methods.flat_map(types).collect();
    while let Some(ty) = waiting.pop() {
        match ty {
            Type::Optional(ty) | Type::Array(ty) | Type::Map(ty) => waiting.push(ty),
            Type::Tuple(types) | Type::Enum(types) => waiting.extend(types),
            Type::Object(object) => waiting.extend(object.fields.values()),
            Type::Ref(name) if found.insert(name.as_str()) => waiting.extend(description.types.get(name)),
            _ => {}
        }
    }
    found
}

fn types(method: &Method) -> impl Iterator<Item = &Type> {
    let streams = [&method.takes.stream, &method.returns.stream].into_iter().flatten();
    let streams = streams.flat_map(|stream| stream.item.iter().chain([&stream.error]));
    let parameters = method.takes.parameters.iter().flatten().map(|parameter| &parameter.ty);
    parameters.chain(&method.returns.value).chain([&method.error]).chain(streams)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_ends_and_what_is_absent_is_named() {
        let json = r#"{"services":[{"name":"a","methods":[{"name":"a","error":{"array":{"ref":"A"}}}]}],
            "types":{"A":{"object":{"b":{"ref":"B"},"gone":{"ref":"C"}}},"B":{"optional":{"ref":"A"}},"D":"u8"}}"#;
        let description = Description::read(json).unwrap();
        assert_eq!(needed(&description, description.methods()), BTreeSet::from(["A", "B", "C"]));
    }
}
