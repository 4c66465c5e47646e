//! The permitted form of a trait and a method, apart from what they send.

use syn::spanned::Spanned;
use syn::{
    ConstParam, Error, GenericParam, ItemTrait, Safety, Signature, TraitItem, TraitItemFn, TypeParam, WherePredicate,
};

use crate::args::no_helpers;
use crate::attributes::is_service;
use crate::diagnostics::Errors;

/// Checks the trait without its items.
pub(crate) fn definition(definition: &ItemTrait, errors: &mut Errors) {
    no_helpers(&definition.attrs, errors);
    for attribute in definition.attrs.iter().filter(|attribute| is_service(attribute)) {
        errors.push(Error::new_spanned(
            attribute,
            "the trait is a service already: remove this attribute, and keep all options in the first one",
        ));
    }
    if let Some(word) = &definition.unsafety {
        errors.push(Error::new(
            word.span,
            "a remote side cannot keep the contract of an `unsafe trait`: remove `unsafe`",
        ));
    }
    if let Some(word) = &definition.modifiers.auto_token {
        errors.push(Error::new(word.span, "a service is implemented explicitly: remove `auto`"));
    }
    for parameter in &definition.generics.params {
        let advice = match parameter {
            GenericParam::Lifetime(_) => {
                "a service has no lifetime: declare it on the methods that need it, `fn name<'a>(&'a self)`".to_owned()
            }
            GenericParam::Type(TypeParam { ident, .. }) | GenericParam::Const(ConstParam { ident, .. }) => format!(
                "a service has no parameters, because both sides must agree on types: write the concrete value of `{ident}` in the methods"
            ),
        };
        errors.push(Error::new_spanned(parameter, advice));
    }
    if let Some(clause) = &definition.generics.where_clause {
        errors.push(Error::new_spanned(
            clause,
            "a service has no `where` clause: write what every handler must implement as supertraits, `trait Name: Send`",
        ));
    }
}

/// Returns the error for an item that is not a method.
pub(crate) fn not_a_method(item: &TraitItem) -> Error {
    match item {
        TraitItem::Type(item) => Error::new_spanned(
            item,
            "the other side cannot know an associated type: write the concrete type in the methods that use it",
        ),
        TraitItem::Const(item) => Error::new_spanned(
            item,
            "the other side cannot know an associated constant: make it a `const` beside the trait, or a method",
        ),
        TraitItem::Macro(item) => Error::new_spanned(
            item,
            "methods that another macro generates are not visible here: write them out, or let that macro generate the trait",
        ),
        other => Error::new_spanned(other, "expected a method: write `fn name(&self) -> Result<()>;` without `pub`"),
    }
}

/// Checks a method without its receiver, parameters and reply.
pub(crate) fn function(function: &TraitItemFn, errors: &mut Errors) {
    qualifiers(&function.sig, errors);
    generics(&function.sig, errors);
    if let Some(body) = &function.default {
        errors.push(Error::new(
            body.span(),
            "a method is a call to the other side and has no body here: end it with `;`, and put shared code into a function",
        ));
    }
}

fn qualifiers(signature: &Signature, errors: &mut Errors) {
    if let Some(word) = &signature.constness {
        errors.push(Error::new(word.span, "a call cannot happen at compile time: remove `const`"));
    }
    if let Some(word) = &signature.asyncness {
        errors.push(Error::new(
            word.span,
            "`async fn` is reserved for later: remove `async`; a call blocks its thread until the reply arrives",
        ));
    }
    if let Safety::Unsafe(word) = &signature.safety {
        errors
            .push(Error::new(word.span, "a remote caller cannot keep the contract of an `unsafe fn`: remove `unsafe`"));
    }
    if let Some(abi) = &signature.abi {
        errors.push(Error::new_spanned(abi, "a call goes over a connection, not over an ABI: remove `extern`"));
    }
}

/// Passes on lifetimes and their bounds as written; anything else would have to travel.
fn generics(signature: &Signature, errors: &mut Errors) {
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(_) => {}
            GenericParam::Type(parameter) => errors.push(Error::new_spanned(
                parameter,
                format!(
                    "the other side must know every type: write a concrete type in place of `{}`, or `impl Read` or `impl Iterator<..>` for a stream",
                    parameter.ident
                ),
            )),
            GenericParam::Const(parameter) => errors.push(Error::new_spanned(
                parameter,
                format!("the other side cannot know `{}`: make it a parameter of the method", parameter.ident),
            )),
        }
    }
    for predicate in signature.generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
        if !matches!(predicate, WherePredicate::Lifetime(_)) {
            errors.push(Error::new_spanned(
                predicate,
                "a `where` clause of a method may only compare lifetimes: remove this, or make it a supertrait",
            ));
        }
    }
}
