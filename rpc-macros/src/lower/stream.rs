//! What may be a stream: `impl Read` or `impl Iterator<Item = Result<T>>`, with further bounds that
//! generated code passes on.

use quote::ToTokens;
use syn::visit::Visit;
use syn::{Error, Lifetime, PathSegment, Type, TypeImplTrait, TypeParamBound};

use super::normal::peeled;
use super::opaque::{self, Role};
use super::{bounds, meant, outcome, owner, types};
use crate::diagnostics::readable;
use crate::model::{Carried, Items, Stream, type_arguments};

pub(crate) fn read(written: &TypeImplTrait, role: Role) -> syn::Result<Stream> {
    let carries = carried(written, role)?;
    for bound in &written.bounds {
        can_be_passed_on(bound, written)?;
    }
    Ok(Stream { written: written.clone(), carries })
}

fn carried(written: &TypeImplTrait, role: Role) -> syn::Result<Carried> {
    let bounds = &written.bounds;
    match (bounds::named(bounds, "Read"), bounds::named(bounds, "Iterator")) {
        (None, None) => Err(opaque::no_stream(written, role)),
        (Some(_), None) => Ok(Carried::Octets),
        (None, Some(iterator)) => match opaque::relative_of_iterator(written) {
            Some(mistake) => Err(mistake),
            None => items(iterator).map(|items| Carried::Values(Box::new(items))),
        },
        (Some(_), Some(iterator)) => {
            Err(Error::new_spanned(iterator, "a stream carries either bytes or values: keep `Read` or `Iterator`"))
        }
    }
}

/// Reads what an iterator yields.
fn items(iterator: &PathSegment) -> syn::Result<Items> {
    let Some(item) = bounds::item(iterator) else {
        return Err(Error::new_spanned(
            iterator,
            "both sides must know what a stream carries: write `impl Iterator<Item = Result<T>>` with the type that \
             travels for `T`",
        ));
    };
    let outcome = outcome::read(item)?.ok_or_else(|| no_result(item))?;
    let mut arguments = type_arguments(&outcome.written);
    let value = arguments.next().map(|value| types::sendable(value, Role::Item)).transpose()?;
    for error in arguments {
        types::sendable(error, Role::Error)?;
    }
    let mut borrowed = FirstLifetime::that(|lifetime| lifetime.ident != "static");
    borrowed.visit_type(item);
    if let Some(lifetime) = borrowed.found {
        let advice = "an item owns what it holds, because the buffer that it came in is used again: write an owned type, or `'static`";
        return Err(Error::new_spanned(lifetime, advice));
    }
    Ok(Items { value: value.filter(|value| !is_unit(value)), outcome })
}

/// Returns the error for items that are not `Result`s.
fn no_result(item: &Type) -> Error {
    types::opaque_inside(item, Role::Item).unwrap_or_else(|| {
        let value = readable(owner::without_references(item));
        let reason = "a stream can break before its end, and its reader has to see that";
        Error::new_spanned(item, format!("{reason}: write `Item = Result<{value}>`, or a name that ends in `Result`"))
    })
}

fn is_unit(value: &Type) -> bool {
    matches!(peeled(value), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Checks that generated code may repeat a bound of a stream.
fn can_be_passed_on(bound: &TypeParamBound, stream: &TypeImplTrait) -> syn::Result<()> {
    if let TypeParamBound::PreciseCapture(capture) = bound {
        return Err(Error::new_spanned(
            capture,
            "a stream already captures what it borrows: remove `use<..>`, or write `+ 'static` if it borrows nothing",
        ));
    }
    let mut anonymous = FirstLifetime::that(|lifetime| lifetime.ident == "_");
    anonymous.visit_type_param_bound(bound);
    match anonymous.found {
        Some(lifetime) => {
            let named = readable(stream.to_token_stream()).replace("'_", "'a");
            let advice = format!("name the lifetime: write `fn method<'a>(&'a self, ..)` and `{named}`");
            Err(Error::new_spanned(lifetime, advice))
        }
        None => Ok(()),
    }
}

/// Returns the error for `&mut impl Read`, `&mut dyn Iterator` and the like, if this is one.
pub(crate) fn behind_reference(elem: &Type, role: Role) -> Option<Error> {
    match peeled(elem) {
        Type::ImplTrait(written) if bounds::are_of_stream(&written.bounds) => {
            let what = if bounds::iterator(&written.bounds).is_some() { "iterator" } else { "reader" };
            let stream = meant::stream(&written.bounds);
            let advice = format!(
                "a method takes the {what} itself: write `{stream}`; callers may still pass a `&mut` to their own"
            );
            Some(Error::new_spanned(written, advice))
        }
        Type::ImplTrait(written) => Some(opaque::no_stream(written, role)),
        Type::TraitObject(written) => Some(opaque::object(written, role)),
        _ => None,
    }
}

/// Finds the first lifetime of a kind.
struct FirstLifetime<'ast> {
    wanted: fn(&Lifetime) -> bool,
    found: Option<&'ast Lifetime>,
}

impl FirstLifetime<'_> {
    fn that(wanted: fn(&Lifetime) -> bool) -> Self {
        Self { wanted, found: None }
    }
}

impl<'ast> Visit<'ast> for FirstLifetime<'ast> {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if (self.wanted)(lifetime) {
            self.found.get_or_insert(lifetime);
        }
    }
}
