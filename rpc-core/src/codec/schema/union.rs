//! A type that is one of several.

use super::shape::{NULL, Shape};

/// Returns the type that is one of these. How they are grouped and in which order they come makes
/// no difference.
pub(super) fn one_of(shapes: impl IntoIterator<Item = Shape>) -> Shape {
    let (mut others, mut nullable) = (Vec::new(), false);
    shapes.into_iter().for_each(|shape| take_apart(shape, &mut others, &mut nullable));
    if others.contains(&Shape::Any) {
        return Shape::Any;
    }
    others.sort_by_cached_key(|shape| shape.to_json(&str::to_owned).to_string());
    others.dedup();
    let shape = match others.pop() {
        None => return if nullable { NULL } else { Shape::Any },
        Some(only) if others.is_empty() => only,
        Some(last) => {
            others.push(last);
            Shape::Enum(others)
        }
    };
    if nullable { Shape::Optional(Box::new(shape)) } else { shape }
}

/// Adds each type that this may be.
fn take_apart(shape: Shape, others: &mut Vec<Shape>, nullable: &mut bool) {
    match shape {
        NULL => *nullable = true,
        Shape::Optional(shape) => {
            *nullable = true;
            take_apart(*shape, others, nullable);
        }
        Shape::Enum(shapes) => others.extend(shapes),
        other => others.push(other),
    }
}
