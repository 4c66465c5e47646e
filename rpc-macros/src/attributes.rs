//! What the macro wants to know of attributes: which are its own, and which decide whether a method exists at all. All
//! others are the user's business and stay on the trait.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token, TraitItem, parse_quote};

/// Whether this is `#[rpc(..)]`, which nobody but this macro understands.
pub(crate) fn is_helper(attribute: &Attribute) -> bool {
    attribute.path().is_ident("rpc")
}

/// Whether this is `#[cfg_attr(condition, rpc(..))]`.
pub(crate) fn hides_helper(attribute: &Attribute) -> bool {
    conditional(attribute).is_some_and(|(_, then)| then.iter().any(|meta| meta.path().is_ident("rpc")))
}

/// Whether this is `#[rpc_service]`, by whatever path. One that depends on a `cfg` does not count: it
/// may be the other form of the first.
pub(crate) fn is_service(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "rpc_service")
}

/// The attributes of a thing in a trait.
pub(crate) fn of_item(item: &mut TraitItem) -> Option<&mut Vec<Attribute>> {
    match item {
        TraitItem::Const(item) => Some(&mut item.attrs),
        TraitItem::Fn(item) => Some(&mut item.attrs),
        TraitItem::Type(item) => Some(&mut item.attrs),
        TraitItem::Macro(item) => Some(&mut item.attrs),
        _ => None,
    }
}

/// The attributes without which a generated piece would outlive its method: each `#[cfg(..)]`, and of each
/// `#[cfg_attr(condition, ..)]` the `cfg(..)` in it.
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

/// The condition of a `#[cfg_attr(condition, ..)]`, and the attributes that depend on it.
fn conditional(attribute: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    if !attribute.path().is_ident("cfg_attr") {
        return None;
    }
    let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let mut parts = parts.into_iter();
    Some((parts.next()?, parts.collect()))
}

/// The lints that the user tolerates here, and that generated code would otherwise set off by repeating what is
/// written here: those of `#[allow(..)]` and `#[expect(..)]`, and the deprecation of the thing itself.
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
