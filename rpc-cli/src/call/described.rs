//! The shape of a method, from the server's description.

use crate::description::{Description, Method, Type};

use super::shape::{Accept, Parameter, Shape};

/// How many references lead to a type at most.
const MOST_REFERENCES: usize = 16;

/// Returns the shape of a method of this description.
pub(super) fn shape(description: &Description, method: &Method) -> Shape {
    let parameters = method.takes.parameters.as_ref().map(|parameters| {
        let parameters = parameters.iter().map(|parameter| Parameter {
            name: parameter.name.clone(),
            aliases: parameter.aliases.clone(),
            required: refuses_null(description, &parameter.ty),
            is_text: is_text(description, &parameter.ty),
        });
        parameters.collect()
    });
    let (takes, returns) = (&method.takes.stream, &method.returns);
    Shape {
        parameters,
        takes: takes.as_ref().map(|stream| stream.carries),
        returns: Accept::of(returns.value.is_some(), returns.stream.as_ref().map(|stream| stream.carries)),
    }
}

/// Follows references, which may lead in a circle.
fn resolve<'d>(description: &'d Description, mut ty: &'d Type) -> Option<&'d Type> {
    for _ in 0..MOST_REFERENCES {
        match ty {
            Type::Ref(name) => ty = description.types.get(name)?,
            _ => return Some(ty),
        }
    }
    None
}

fn refuses_null(description: &Description, ty: &Type) -> bool {
    match resolve(description, ty) {
        None | Some(Type::Any | Type::Null | Type::Optional(_) | Type::Enum(_) | Type::Const(_)) => false,
        Some(_) => true,
    }
}

fn is_text(description: &Description, ty: &Type) -> bool {
    match resolve(description, ty) {
        Some(Type::Optional(ty)) => matches!(resolve(description, ty), Some(Type::String)),
        ty => matches!(ty, Some(Type::String)),
    }
}
