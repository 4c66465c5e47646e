//! A type that has to be a `Result`, because something can fail: a call, or what comes next in a
//! stream.

use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Error, GenericArgument, PathArguments, Type, TypePath, parse_quote_spanned};

use super::normal::{OpenLifetimes, peeled};
use crate::model::{Outcome, type_arguments};

/// Returns the path to a `Result` with at least one type argument, or `None` for another type.
pub(crate) fn read(ty: &Type) -> syn::Result<Option<Outcome>> {
    let Some(path) = path(ty) else { return Ok(None) };
    if type_arguments(path).next().is_none() {
        return Err(Error::new_spanned(
            ty,
            "the type of the result must appear here: write `Result<T>` with that type for `T`, or `Result<()>`",
        ));
    }
    Ok(Some(of(path)))
}

pub(crate) fn of(path: &TypePath) -> Outcome {
    Outcome { written: path.clone(), without_value: without_value(path) }
}

/// Returns the path to a `Result` with `()` for its value and `'_` for lifetimes.
fn without_value(written: &TypePath) -> TypePath {
    let mut outcome = written.clone();
    let arguments = outcome.path.segments.last_mut().map(|last| &mut last.arguments);
    if let Some(PathArguments::AngleBracketed(arguments)) = arguments {
        let value = arguments.args.iter_mut().find(|argument| matches!(argument, GenericArgument::Type(_)));
        if let Some(value) = value {
            *value = parse_quote_spanned!(value.span()=> ());
        }
    }
    OpenLifetimes.visit_type_path_mut(&mut outcome);
    outcome
}

pub(crate) fn is_result(ty: &Type) -> bool {
    path(ty).is_some()
}

/// Returns the path whose last segment is a `Result`, as far as its name shows.
fn path(ty: &Type) -> Option<&TypePath> {
    match peeled(ty) {
        Type::Path(path) if path.path.segments.last()?.ident.to_string().ends_with("Result") => Some(path),
        _ => None,
    }
}
