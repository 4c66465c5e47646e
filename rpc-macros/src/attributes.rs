//! What the macro needs to know about attributes: which are its own, and which decide whether a
//! method exists. All others stay on the trait unread.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token, TraitItem, parse_quote};

/// Returns whether this is `#[rpc(..)]`, which only this macro understands.
pub(crate) fn is_helper(attribute: &Attribute) -> bool {
    attribute.path().is_ident("rpc")
}

/// Returns whether this is `#[cfg_attr(condition, rpc(..))]`.
pub(crate) fn hides_helper(attribute: &Attribute) -> bool {
    conditional(attribute).is_some_and(|(_, then)| then.iter().any(|meta| meta.path().is_ident("rpc")))
}

/// Returns whether this is `#[rpc_service]`, by any path. One that depends on a `cfg` does not
/// count, because it may be an alternative to the first.
pub(crate) fn is_service(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "rpc_service")
}

/// Returns the attributes of an item in a trait.
pub(crate) fn of_item(item: &mut TraitItem) -> Option<&mut Vec<Attribute>> {
    match item {
        TraitItem::Const(item) => Some(&mut item.attrs),
        TraitItem::Fn(item) => Some(&mut item.attrs),
        TraitItem::Type(item) => Some(&mut item.attrs),
        TraitItem::Macro(item) => Some(&mut item.attrs),
        _ => None,
    }
}

/// Returns the attributes that generated code for a method must repeat to exist exactly when the
/// method does: each `#[cfg(..)]`, and the `cfg(..)` in each `#[cfg_attr(condition, ..)]`.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter_map(condition).collect()
}

fn condition(attribute: &Attribute) -> Option<Attribute> {
    if attribute.path().is_ident("cfg") {
        return Some(attribute.clone());
    }
    let (when, then) = conditional(attribute)?;
    let then: Vec<Meta> = then.into_iter().filter(|meta| meta.path().is_ident("cfg")).collect();
    (!then.is_empty()).then(|| parse_quote!(#[cfg_attr(#when, #(#then),*)]))
}

/// Returns the condition of a `#[cfg_attr(condition, ..)]`, and the attributes that depend on it.
fn conditional(attribute: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let mut parts = parts.into_iter();
    Some((parts.next()?, parts.collect()))
}

/// Returns `#[allow]`s for lints that generated code would otherwise trigger by repeating what the
/// user wrote here: those in the user's `#[allow(..)]` and `#[expect(..)]`, and `deprecated` if the
/// item is.
pub(crate) fn tolerated(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter_map(tolerance).collect()
}

fn tolerance(attribute: &Attribute) -> Option<Attribute> {
    let path = attribute.path();
    match &attribute.meta {
        Meta::List(list) if path.is_ident("allow") || path.is_ident("expect") => {
            let lints = &list.tokens;
            Some(parse_quote!(#[allow(#lints)]))
        }
        _ => path.is_ident("deprecated").then(|| parse_quote!(#[allow(deprecated)])),
    }
}
