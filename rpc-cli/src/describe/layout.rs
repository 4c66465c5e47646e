//! Types and signatures that are too wide for a line.

use crate::description::{Method, Type};
use crate::escape::text;
use crate::signature::{Returned, Shown, Signature, arguments, named_fields};
use crate::terminal::fitting;

/// How far each level is indented.
const STEP: usize = 4;

/// A method's name and signature, on a line for each argument if one line is too short.
pub(super) fn method(method: &Method, width: usize) -> String {
    let name = text(&method.name);
    if let Some(signature) = fitting(Signature(method), width.saturating_sub(name.chars().count())) {
        return name + &signature;
    }
    let arguments: String = arguments(method).map(|argument| format!("    {argument},\n")).collect();
    format!("{name}(\n{arguments}){}", Returned(method))
}

/// A type whose first line begins in column `at` and whose further lines are indented.
pub(super) fn ty(ty: &Type, at: usize, indent: usize, width: usize) -> String {
    if let Some(line) = fitting(Shown(ty), width.saturating_sub(at)) {
        return line;
    }
    let (inner, margin, outer) = (indent + STEP, " ".repeat(indent + STEP), " ".repeat(indent));
    let nested = |prefix: &str, nested: &Type| {
        let line = format!("{margin}{prefix}");
        let laid_out = self::ty(nested, line.chars().count(), inner, width);
        join(&line, &laid_out)
    };
    let around = |open: &str, nested: &Type, close: &str| {
        format!("{open}{}{close}", self::ty(nested, at + open.len(), indent, width.saturating_sub(close.len())))
    };
    match ty {
        Type::Optional(ty) => around("Option<", ty, ">"),
        Type::Array(ty) => around("[", ty, "]"),
        Type::Map(ty) => around("Map<string, ", ty, ">"),
        Type::Tuple(types) => {
            let types: String = types.iter().map(|ty| nested("", ty) + ",\n").collect();
            format!("(\n{types}{outer})")
        }
        Type::Object(object) => {
            let fields: String = named_fields(object).map(|(name, ty)| nested(&name.to_string(), ty) + ",\n").collect();
            format!("{{\n{fields}{outer}}}")
        }
        Type::Enum(types) => types.iter().map(|ty| format!("\n{}", nested("| ", ty))).collect(),
        _ => Shown(ty).to_string(),
    }
}

/// Puts a type after what stands before it. Some begin on a line of their own.
pub(super) fn join(before: &str, ty: &str) -> String {
    let before = if ty.starts_with('\n') { before.trim_end() } else { before };
    format!("{before}{ty}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(json: &str, width: usize) -> String {
        ty(&serde_json::from_str(json).unwrap(), 0, 0, width)
    }

    #[test]
    fn what_is_too_wide_is_broken_and_no_more() {
        let json = r#"{"object":{"name":"string","parts":{"array":{"tuple":["u64",{"optional":"f64"}]}}}}"#;
        assert_eq!(laid_out(json, 80), "{name: string, parts: [(u64, Option<f64>)]}");
        assert_eq!(laid_out(json, 40), "{\n    name: string,\n    parts: [(u64, Option<f64>)],\n}");
        let json = r#"{"optional":{"enum":[{"const":"Missing"},{"object":{"Other":"string"}}]}}"#;
        assert_eq!(laid_out(json, 30), "Option<\n    | \"Missing\"\n    | {Other: string}>");
    }

    #[test]
    fn a_long_signature_has_a_line_for_each_argument() {
        let json = r#"{"name":"a","takes":{"parameters":[{"name":"b","type":"u8"}]},"returns":{"value":"u8"}}"#;
        let wanted: Method = serde_json::from_str(json).unwrap();
        assert_eq!(method(&wanted, 80), "a(b: u8) -> u8");
        assert_eq!(method(&wanted, 10), "a(\n    b: u8,\n) -> u8");
    }
}
