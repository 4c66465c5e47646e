//! What the bounds of an `impl Trait` or a `dyn Trait` say: which traits they name, and what an
//! iterator yields.

use syn::punctuated::Punctuated;
use syn::{GenericArgument, PathArguments, PathSegment, Token, Type, TypeParamBound};

pub(crate) type Bounds = Punctuated<TypeParamBound, Token![+]>;

/// Traits that are often meant to be `Iterator`, with the reasons why they cannot be a stream: they
/// know more than an iterator of received values can, or are only turned into one.
const RELATIVES: [(&str, &str); 4] = [
    ("IntoIterator", "a stream of values is an iterator, as `.into_iter()` returns it"),
    ("DoubleEndedIterator", "values come one after the other"),
    ("ExactSizeIterator", "nobody knows how many values will come"),
    ("FusedIterator", "nobody asks a stream for more after its end, so there is nothing to promise"),
];

/// Returns whether an `impl Trait` with these bounds is a stream, though maybe not a valid one.
pub(crate) fn are_of_stream(bounds: &Bounds) -> bool {
    named(bounds, "Read").is_some() || named(bounds, "Iterator").is_some()
}

/// Returns the trait of this name, by any path.
pub(crate) fn named<'a>(bounds: &'a Bounds, name: &str) -> Option<&'a PathSegment> {
    bounds.iter().filter_map(segment).find(|segment| segment.ident == name)
}

/// Returns a trait that is a relative of `Iterator`, and why it is refused.
pub(crate) fn relative(bounds: &Bounds) -> Option<(&PathSegment, &'static str)> {
    RELATIVES.iter().find_map(|(name, reason)| Some((named(bounds, name)?, *reason)))
}

/// Returns the trait that is `Iterator`, or else a relative of it.
pub(crate) fn iterator(bounds: &Bounds) -> Option<&PathSegment> {
    named(bounds, "Iterator").or_else(|| relative(bounds).map(|(relative, _)| relative))
}

/// Returns whether the bound is `Iterator` or a relative of it.
pub(crate) fn is_iterator(bound: &TypeParamBound) -> bool {
    segment(bound).is_some_and(|it| it.ident == "Iterator" || RELATIVES.iter().any(|(name, _)| it.ident == name))
}

/// Returns `T` for `Iterator<Item = T>`.
pub(crate) fn item(iterator: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &iterator.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(associated) if associated.ident == "Item" => Some(&associated.ty),
        _ => None,
    })
}

/// Returns the last segment of a trait's path: its name and arguments.
fn segment(bound: &TypeParamBound) -> Option<&PathSegment> {
    match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    }
}
