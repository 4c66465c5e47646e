//! The types of what a method takes and returns, as a description says them.

use serde_json::Value;

/// The type of a value of which nothing is known.
pub(super) const ANY: &str = "any";

/// The types of one method; those that are missing are not known.
#[derive(Default)]
pub(super) struct MethodShapes {
    pub(super) parameters: Vec<Value>,
    /// Of the items that it takes, and of the error that may end them.
    pub(super) sent: Vec<Value>,
    pub(super) value: Vec<Value>,
    /// Of the items that it returns, and of the error that may end them.
    pub(super) returned: Vec<Value>,
    pub(super) error: Vec<Value>,
}

/// Returns the type at this position.
pub(super) fn at(shapes: &[Value], position: usize) -> Value {
    shapes.get(position).cloned().unwrap_or_else(|| ANY.into())
}
