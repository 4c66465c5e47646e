//! The output for an invalid trait: every mistake, and the trait, so that handlers and callers
//! elsewhere do not cause further errors. Client and server are left out, because the compiler does
//! not report names missing from a failed macro.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, ItemTrait, Lifetime, Pat, TraitItem, TraitItemFn, TypeImplTrait, TypeParamBound, TypeReference,
    Visibility, parse_quote_spanned,
};

use super::definition;
use crate::attributes::{conditions, hides_helper, is_service};

/// ```text
/// trait Vault { fn list(&self, (a, b): (u8, u8)) -> Result<()>; }                       // in
/// compile_error!("..");  trait Vault { fn list(&self, _: (u8, u8)) -> Result<()>; }     // out
/// ```
///
/// Changes only what the compiler would refuse a second time.
pub(crate) fn fallback(definition: &ItemTrait, mistakes: &syn::Error) -> TokenStream {
    let mistakes = mistakes.to_compile_error();
    let mut definition = definition::emitted(definition);
    definition.modifiers.auto_token = None;
    definition.attrs.retain(|attribute| !is_service(attribute));
    definition.items = definition.items.into_iter().map(without_visibility).collect();
    let mut names = HashSet::new();
    definition.items.retain(|item| match item {
        TraitItem::Fn(function) if conditions(&function.attrs).is_empty() => names.insert(function.sig.ident.clone()),
        _ => true,
    });
    for item in &mut definition.items {
        if let TraitItem::Fn(function) = item {
            smooth(function);
        }
    }
    quote!(#mistakes #definition)
}

/// Returns an item that is not a trait unchanged, with the error about it.
pub(crate) fn unreadable(mistake: &syn::Error, item: &TokenStream) -> TokenStream {
    let mistake = mistake.to_compile_error();
    quote!(#mistake #item)
}

fn smooth(function: &mut TraitItemFn) {
    function.attrs.retain(|attribute| !hides_helper(attribute));
    function.sig.constness = None;
    for input in &mut function.sig.inputs {
        let FnArg::Typed(parameter) = input else { continue };
        parameter.attrs.retain(|attribute| !hides_helper(attribute));
        if !matches!(&*parameter.pat, Pat::Ident(name) if name.mutability.is_none()) {
            parameter.pat = parse_quote_spanned!(parameter.pat.span()=> _);
        }
        NoAnonymousLifetimes.visit_type_mut(&mut parameter.ty);
    }
}

/// Replaces anonymous lifetimes in each `impl Trait`, because that of a parameter may not have any.
struct NoAnonymousLifetimes;

impl VisitMut for NoAnonymousLifetimes {
    fn visit_type_impl_trait_mut(&mut self, written: &mut TypeImplTrait) {
        let named = |bound: &TypeParamBound| !matches!(bound, TypeParamBound::Lifetime(it) if it.ident == "_");
        written.bounds = written.bounds.iter().filter(|bound| named(bound)).cloned().collect();
        written.bounds.iter_mut().for_each(|bound| NameLifetimes.visit_type_param_bound_mut(bound));
    }
}

/// Replaces anonymous lifetimes by `'static`.
struct NameLifetimes;

impl VisitMut for NameLifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = Lifetime::new("'static", lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        reference.lifetime.get_or_insert_with(|| Lifetime::new("'static", Span::call_site()));
        visit_mut::visit_type_reference_mut(self, reference);
    }
}

/// Turns `pub fn list(..)` into `fn list(..)`; leaves anything else unchanged.
fn without_visibility(item: TraitItem) -> TraitItem {
    let TraitItem::Verbatim(tokens) = &item else { return item };
    let function = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let mut function: TraitItemFn = input.parse()?;
        function.attrs = attributes;
        Ok(function)
    };
    function.parse2(tokens.clone()).map_or(item, TraitItem::Fn)
}
