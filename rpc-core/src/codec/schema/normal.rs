//! Reads a JSON Schema, as schemars writes it, into our form; pure. What it does not understand is
//! any value: it may say less than the schema, and nothing that is wrong.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Field, NULL, Object, Shape};
use super::union::one_of;

type Schema = Map<String, Value>;

/// How deeply schemas may be nested. What is deeper is any value.
const DEPTH: usize = 64;

/// How many schemas are read for one type. References that have to be looked into could otherwise
/// double the work each time.
const STEPS: u32 = 50_000;

/// Reads schemas that refer to these definitions.
pub(super) struct Reader<'d> {
    definitions: &'d Schema,
    steps_left: Cell<u32>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(definitions: &'d Schema) -> Reader<'d> {
        Reader { definitions, steps_left: Cell::new(0) }
    }

    /// Returns the type that a schema describes.
    pub(super) fn read(&self, schema: &Value) -> Shape {
        self.steps_left.set(STEPS);
        self.shape(schema, DEPTH)
    }

    /// Returns the type that a schema describes, of which so many levels are read.
    fn shape(&self, schema: &Value, depth: usize) -> Shape {
        let (Some(depth), Some(schema)) = (self.step(depth), schema.as_object()) else { return Shape::Any };
        // each keyword says something of the same value
        let alternatives = ["anyOf", "oneOf"].into_iter().filter_map(|keyword| list(schema, keyword));
        let alternatives = alternatives.map(|list| one_of(list.iter().map(|schema| self.shape(schema, depth))));
        let all = list(schema, "allOf").into_iter().flatten().map(|schema| self.shape(schema, depth));
        let parts = [reference(schema), constants(schema, depth), Some(self.typed(schema, depth))];
        let parts = parts.into_iter().flatten().chain(alternatives).chain(all);
        parts.fold(Shape::Any, |known, part| self.both(known, part, depth).unwrap_or(Shape::Any))
    }

    /// Counts a step, one level down. Returns `None` if there have been too many.
    fn step(&self, depth: usize) -> Option<usize> {
        self.steps_left.set(self.steps_left.get().checked_sub(1)?);
        depth.checked_sub(1)
    }

    /// Reads what `type` and the keywords that depend on it say.
    fn typed(&self, schema: &Schema, depth: usize) -> Shape {
        match schema.get("type") {
            Some(Value::String(name)) => self.of_type(name, schema, depth),
            Some(Value::Array(names)) => {
                let names = names.iter().map(|name| name.as_str().unwrap_or_default());
                one_of(names.map(|name| self.of_type(name, schema, depth)))
            }
            None if schema.contains_key("properties") => self.object(schema, depth),
            _ => Shape::Any,
        }
    }

    fn of_type(&self, name: &str, schema: &Schema, depth: usize) -> Shape {
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        match name {
            "null" => NULL,
            "boolean" => Shape::Named("bool"),
            "string" => Shape::Named("string"),
            "integer" => Shape::Named(integer(format)),
            "number" => Shape::Named(match format {
                "float" => "f32",
                "double" => "f64",
                _ => "number",
            }),
            "array" => self.array(schema, depth),
            "object" => self.object(schema, depth),
            _ => Shape::Any,
        }
    }

    fn array(&self, schema: &Schema, depth: usize) -> Shape {
        let Some(first) = list(schema, "prefixItems") else {
            let items = schema.get("items").map_or(Shape::Any, |items| self.shape(items, depth));
            return Shape::Array(Box::new(items));
        };
        let count = |keyword| schema.get(keyword).and_then(Value::as_u64);
        let len = u64::try_from(first.len()).ok();
        let no_more = count("maxItems") == len || is_false(schema, "items");
        if count("minItems") != len || !no_more {
            return Shape::Array(Box::new(Shape::Any));
        }
        Shape::Tuple(first.iter().map(|schema| self.shape(schema, depth)).collect())
    }

    fn object(&self, schema: &Schema, depth: usize) -> Shape {
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let rest = schema.get("additionalProperties");
        let closed = patterns.is_none()
            && (is_false(schema, "additionalProperties") || is_false(schema, "unevaluatedProperties"));
        let required: Vec<&str> = list(schema, "required").into_iter().flatten().filter_map(Value::as_str).collect();
        let known = schema.get("properties").and_then(Value::as_object);
        if known.is_none() && required.is_empty() && !closed {
            return Shape::Map(Box::new(match patterns {
                // the keys are numbers
                Some(patterns) => one_of(patterns.values().map(|schema| self.shape(schema, depth))),
                None => rest.map_or(Shape::Any, |rest| self.shape(rest, depth)),
            }));
        }
        let field = |(name, schema): (&String, &Value)| {
            let may_lack = !required.contains(&name.as_str());
            (name.clone(), Field { shape: self.shape(schema, depth), may_lack })
        };
        let mut fields: BTreeMap<_, _> = known.into_iter().flatten().map(field).collect();
        for name in required {
            fields.entry(name.to_owned()).or_insert(Field { shape: Shape::Any, may_lack: false });
        }
        Shape::Object(Object { fields, closed })
    }

    /// Returns the type of what is both, or `None` if nothing is.
    fn both(&self, one: Shape, other: Shape, depth: usize) -> Option<Shape> {
        let Some(depth) = self.step(depth) else { return Some(Shape::Any) };
        Some(match (one, other) {
            (Shape::Any, shape) | (shape, Shape::Any) => shape,
            (one, other) if one == other => one,
            (Shape::Ref(name), shape) | (shape, Shape::Ref(name)) => {
                let definition = self.definitions.get(&name).map_or(Shape::Any, |schema| self.shape(schema, depth));
                self.both(definition, shape, depth)?
            }
            (Shape::Optional(one), Shape::Optional(other)) => {
                one_of([Some(NULL), self.both(*one, *other, depth)].into_iter().flatten())
            }
            (NULL, Shape::Optional(_)) | (Shape::Optional(_), NULL) => NULL,
            (Shape::Optional(one), other) | (other, Shape::Optional(one)) => self.both(*one, other, depth)?,
            (Shape::Enum(shapes), other) | (other, Shape::Enum(shapes)) => {
                let both = shapes.into_iter().filter_map(|shape| self.both(shape, other.clone(), depth));
                let both: Vec<Shape> = both.collect();
                (!both.is_empty()).then(|| one_of(both))?
            }
            (Shape::Const(value), shape) | (shape, Shape::Const(value)) if fits(&value, &shape) => Shape::Const(value),
            (Shape::Named(one), Shape::Named(other)) => Shape::Named(narrower(one, other)?),
            (Shape::Array(one), Shape::Array(other)) => Shape::Array(Box::new(self.both(*one, *other, depth)?)),
            (Shape::Map(one), Shape::Map(other)) => Shape::Map(Box::new(self.both(*one, *other, depth)?)),
            (Shape::Map(_), object @ Shape::Object(_)) | (object @ Shape::Object(_), Shape::Map(_)) => object,
            (Shape::Object(one), Shape::Object(other)) => Shape::Object(self.both_objects(one, other, depth)),
            _ => return None,
        })
    }

    fn both_objects(&self, one: Object, other: Object, depth: usize) -> Object {
        let Object { mut fields, closed } = one;
        for (name, field) in other.fields {
            let field = match fields.remove(&name) {
                None => field,
                Some(known) => {
                    let shape = self.both(known.shape, field.shape, depth).unwrap_or(Shape::Any);
                    Field { shape, may_lack: known.may_lack && field.may_lack }
                }
            };
            fields.insert(name, field);
        }
        Object { fields, closed: closed || other.closed }
    }
}

fn list<'s>(schema: &'s Schema, keyword: &str) -> Option<&'s Vec<Value>> {
    schema.get(keyword).and_then(Value::as_array)
}

fn is_false(schema: &Schema, keyword: &str) -> bool {
    schema.get(keyword) == Some(&Value::Bool(false))
}

/// Reads `$ref`. A reference to something else than a definition says nothing.
fn reference(schema: &Schema) -> Option<Shape> {
    let name = schema.get("$ref").and_then(Value::as_str)?.strip_prefix("#/$defs/")?;
    Some(Shape::Ref(decoded(name)?))
}

/// Decodes a part of a JSON pointer in a URI (RFC 6901, section 6).
fn decoded(part: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), part.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?.trim(), 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
        }
    }
    Some(String::from_utf8(bytes).ok()?.replace("~1", "/").replace("~0", "~"))
}

/// Reads `const` and `enum`.
fn constants(schema: &Schema, depth: usize) -> Option<Shape> {
    let value = |value: &Value| match value {
        Value::Null => NULL,
        value => sorted(value, depth).map_or(Shape::Any, Shape::Const),
    };
    match (schema.get("const"), list(schema, "enum")) {
        (Some(only), _) => Some(value(only)),
        (None, Some(values)) => Some(one_of(values.iter().map(value))),
        (None, None) => None,
    }
}

/// Returns a value whose fields are sorted, or `None` if it is nested too deeply.
fn sorted(value: &Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match value {
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|value| sorted(value, depth)).collect::<Option<_>>()?)
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| name.as_str());
            let fields = fields.into_iter().map(|(name, value)| Some((name.clone(), sorted(value, depth)?)));
            Value::Object(fields.collect::<Option<_>>()?)
        }
        scalar => scalar.clone(),
    })
}

/// Returns the name of an integer of this format. This program's own width is that of its `usize`.
fn integer(format: &str) -> &'static str {
    let wide = usize::BITS == 64;
    match format {
        "int8" => "i8",
        "int16" => "i16",
        "int32" => "i32",
        "int64" => "i64",
        "int128" => "i128",
        "uint8" => "u8",
        "uint16" => "u16",
        "uint32" => "u32",
        "uint64" => "u64",
        "uint128" => "u128",
        "int" if wide => "i64",
        "int" => "i32",
        "uint" if wide => "u64",
        "uint" => "u32",
        _ => "int",
    }
}

/// Returns which of two scalars is what both are.
fn narrower(one: &'static str, other: &'static str) -> Option<&'static str> {
    let numeric = |name: &str| name.starts_with(['i', 'u', 'f']);
    let whole = |name: &str| name.starts_with(['i', 'u']);
    match (one, other) {
        ("number", narrow) | (narrow, "number") if numeric(narrow) => Some(narrow),
        ("int", narrow) | (narrow, "int") if whole(narrow) => Some(narrow),
        _ => None,
    }
}

/// Returns whether a value may be of this type, as far as its kind shows.
fn fits(value: &Value, shape: &Shape) -> bool {
    match shape {
        Shape::Named("string") => value.is_string(),
        Shape::Named("bool") => value.is_boolean(),
        Shape::Named("null") => value.is_null(),
        Shape::Named(_) => value.is_number(),
        Shape::Array(_) | Shape::Tuple(_) => value.is_array(),
        Shape::Map(_) | Shape::Object(_) => value.is_object(),
        _ => false,
    }
}
