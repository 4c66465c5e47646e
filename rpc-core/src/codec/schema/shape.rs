//! The form in which a description shows a type. It is ours: the exact output of schemars changes
//! between its versions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::shapes::ANY;
use super::super::sorted::object;

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Any,
    /// A scalar.
    Named(&'static str),
    /// The type or `null`.
    Optional(Box<Shape>),
    Array(Box<Shape>),
    Tuple(Vec<Shape>),
    Map(Box<Shape>),
    Object(Object),
    /// One of these, which are sorted; at least two.
    Enum(Vec<Shape>),
    /// This value alone.
    Const(Value),
    /// The type with this name.
    Ref(String),
}

/// An object with fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Object {
    pub(super) fields: BTreeMap<String, Field>,
    /// Other fields are refused.
    pub(super) closed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) shape: Shape,
    pub(super) may_lack: bool,
}

pub(super) const NULL: Shape = Shape::Named("null");

impl Shape {
    /// Returns the type as JSON, in which others have the names that `named` returns.
    pub(super) fn to_json(&self, named: &dyn Fn(&str) -> String) -> Value {
        let list = |shapes: &[Shape]| shapes.iter().map(|shape| shape.to_json(named)).collect();
        let (form, value) = match self {
            Shape::Any => return ANY.into(),
            Shape::Named(name) => return (*name).into(),
            Shape::Object(object) => return object.to_json(named),
            Shape::Optional(shape) => ("optional", shape.to_json(named)),
            Shape::Array(shape) => ("array", shape.to_json(named)),
            Shape::Tuple(shapes) => ("tuple", list(shapes)),
            Shape::Map(shape) => ("map", shape.to_json(named)),
            Shape::Enum(shapes) => ("enum", list(shapes)),
            Shape::Const(value) => ("const", value.clone()),
            Shape::Ref(name) => ("ref", named(name).into()),
        };
        object([(form, Some(value))])
    }

    /// Adds the names of the types that it refers to.
    pub(super) fn add_references<'s>(&'s self, to: &mut BTreeSet<&'s str>) {
        match self {
            Shape::Any | Shape::Named(_) | Shape::Const(_) => {}
            Shape::Optional(shape) | Shape::Array(shape) | Shape::Map(shape) => shape.add_references(to),
            Shape::Tuple(shapes) | Shape::Enum(shapes) => shapes.iter().for_each(|shape| shape.add_references(to)),
            Shape::Object(object) => object.fields.values().for_each(|field| field.shape.add_references(to)),
            Shape::Ref(name) => _ = to.insert(name),
        }
    }
}

impl Object {
    fn to_json(&self, named: &dyn Fn(&str) -> String) -> Value {
        let fields = self.fields.iter().map(|(name, field)| (name.as_str(), Some(field.shape.to_json(named))));
        let may_lack: Vec<&str> =
            self.fields.iter().filter(|(_, field)| field.may_lack).map(|(name, _)| name.as_str()).collect();
        object([
            ("object", Some(object(fields))),
            ("may_lack", (!may_lack.is_empty()).then(|| may_lack.into())),
            ("closed", self.closed.then_some(Value::Bool(true))),
        ])
    }
}
