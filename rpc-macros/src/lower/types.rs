//! Which types can travel, as far as their spelling shows. Refuses types that could not mean the
//! same on both sides, and those that hide a stream. Only the compiler knows whether a type
//! implements serde's traits; the expansion asks it.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{
    BoundLifetimes, Error, GenericArgument, Lifetime, PathArguments, Token, Type, TypeImplTrait, TypeParamBound,
    TypePath, TypeReference, TypeTraitObject, parse_quote_spanned,
};

use super::owner;
use crate::diagnostics::readable;

/// The use of a type, because advice differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Parameter,
    Value,
    Error,
}

/// Returns the type without parentheses and without the invisible groups that `macro_rules` puts
/// around it.
pub(crate) fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        other => other,
    }
}

/// Returns the type of a value as the codecs need it: with `'_` for lifetimes, because generated
/// code stands where they have no names.
pub(crate) fn sendable(ty: &Type, role: Role) -> syn::Result<Type> {
    let mut search = Search { role, worse: None, reference: false };
    search.visit_type(ty);
    if let Some(mistake) = search.worse {
        return Err(mistake);
    }
    if search.reference {
        return Err(reference_inside(ty));
    }
    let mut sent = ty.clone();
    OpenLifetimes.visit_type_mut(&mut sent);
    Ok(sent)
}

/// Returns a return type with `()` for its value and `'_` for lifetimes.
pub(crate) fn without_value(written: &TypePath) -> TypePath {
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

/// Checks that an `impl Trait` is a stream that generated code can pass on.
pub(crate) fn stream(written: &TypeImplTrait, role: Role) -> syn::Result<()> {
    if !bounds_of_reader(&written.bounds) {
        return Err(opaque(written, role));
    }
    for bound in &written.bounds {
        if let TypeParamBound::PreciseCapture(capture) = bound {
            return Err(Error::new_spanned(
                capture,
                "a stream already captures what it borrows: remove `use<..>`, or write `+ 'static` if it borrows nothing",
            ));
        }
        let mut anonymous = Anonymous::default();
        anonymous.visit_type_param_bound(bound);
        if let Some(lifetime) = anonymous.found {
            return Err(Error::new_spanned(
                lifetime,
                "name the lifetime: write `fn method<'a>(&'a self, ..)` and `impl Read + 'a`",
            ));
        }
    }
    Ok(())
}

/// Returns the error for `&mut impl Read`, `&mut dyn Read` and the like, if this is one.
pub(crate) fn bytes_behind_reference(elem: &Type, role: Role) -> Option<Error> {
    match peeled(elem) {
        Type::ImplTrait(written) if bounds_of_reader(&written.bounds) => Some(Error::new_spanned(
            written,
            "a method takes the reader itself: write `impl Read`; callers may still pass a `&mut` to their own",
        )),
        Type::ImplTrait(written) => Some(opaque(written, role)),
        Type::TraitObject(written) => Some(object(written, role)),
        _ => None,
    }
}

/// Searches a type for what cannot travel. A stream inside it makes a better message than the
/// reference around it, so references come last.
struct Search {
    role: Role,
    worse: Option<Error>,
    reference: bool,
}

impl<'ast> Visit<'ast> for Search {
    fn visit_type_impl_trait(&mut self, written: &'ast TypeImplTrait) {
        let mistake =
            if bounds_of_reader(&written.bounds) { buried(written, self.role) } else { opaque(written, self.role) };
        self.worse.get_or_insert(mistake);
    }

    fn visit_type_trait_object(&mut self, written: &'ast TypeTraitObject) {
        self.worse.get_or_insert(object(written, self.role));
    }

    fn visit_type_path(&mut self, written: &'ast TypePath) {
        if written.qself.is_none() && written.path.segments.first().is_some_and(|first| first.ident == "Self") {
            self.worse.get_or_insert(Error::new_spanned(
                written,
                "`Self` is the handler on one side and the client on the other: write the type that travels",
            ));
        }
        visit::visit_type_path(self, written);
    }

    fn visit_type_reference(&mut self, written: &'ast TypeReference) {
        self.reference = true;
        visit::visit_type_reference(self, written);
    }
}

fn reference_inside(ty: &Type) -> Error {
    Error::new_spanned(
        ty,
        format!(
            "a reference inside a type has nothing to point at on the other side: write `{}`",
            readable(owner::without_references(ty))
        ),
    )
}

fn buried(written: &TypeImplTrait, role: Role) -> Error {
    let advice = match role {
        Role::Parameter => "a stream is a separate parameter, the last one: write `name: impl Read`",
        Role::Value => {
            "a stream stands alone or after one value: write `Result<impl Read>` or `Result<(T, impl Read)>`"
        }
        Role::Error => "an error is a value: write its type, and send the stream as the result",
    };
    Error::new_spanned(written, advice)
}

/// Returns the error for an `impl Trait` that is not a reader.
fn opaque(written: &TypeImplTrait, role: Role) -> Error {
    if bounds_name(&written.bounds, "Write") {
        return Error::new_spanned(written, writer(role));
    }
    let trait_name = readable(written.into_token_stream());
    let advice = match role {
        Role::Parameter => {
            format!("the other side must know every type: write the type that travels in place of `{trait_name}`")
        }
        Role::Value => {
            format!("a caller must know what it gets: write the type that travels in place of `{trait_name}`")
        }
        Role::Error => {
            format!("a caller must know how a call can fail: write the type of the error in place of `{trait_name}`")
        }
    };
    Error::new_spanned(written, advice)
}

/// Returns the error for a `dyn Trait`.
fn object(written: &TypeTraitObject, role: Role) -> Error {
    let reader = bounds_name(&written.bounds, "Read");
    let advice = match role {
        _ if bounds_name(&written.bounds, "Write") => writer(role),
        Role::Parameter if reader => "a stream is `impl Read`: write that; callers may still pass a `Box<dyn Read>`",
        Role::Value if reader => "a stream is `impl Read`: write that; a handler may still return a `Box<dyn Read>`",
        Role::Parameter | Role::Value => {
            "a trait object cannot travel: write the concrete type, or an enum of the types it may be"
        }
        Role::Error => "a trait object cannot travel: write the concrete type of the error, or `rpc_core::Error`",
    };
    Error::new_spanned(written, advice)
}

fn writer(role: Role) -> &'static str {
    match role {
        Role::Parameter => "streams are read, never written: return `Result<impl Read>` to give bytes to the caller",
        Role::Value | Role::Error => {
            "streams are read, never written: take `content: impl Read` to get bytes from the caller"
        }
    }
}

type Bounds = Punctuated<TypeParamBound, Token![+]>;

/// Returns whether an `impl Trait` with these bounds is a stream.
pub(crate) fn bounds_of_reader(bounds: &Bounds) -> bool {
    bounds_name(bounds, "Read")
}

/// Returns whether one of the bounds is a trait of this name, by any path.
fn bounds_name(bounds: &Bounds, name: &str) -> bool {
    bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|segment| segment.ident == name),
        _ => false,
    })
}

/// Finds `'_`.
#[derive(Default)]
struct Anonymous<'ast> {
    found: Option<&'ast Lifetime>,
}

impl<'ast> Visit<'ast> for Anonymous<'ast> {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident == "_" {
            self.found.get_or_insert(lifetime);
        }
    }
}

/// Replaces named lifetimes by `'_`, which the compiler infers.
struct OpenLifetimes;

impl VisitMut for OpenLifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }

    fn visit_bound_lifetimes_mut(&mut self, _: &mut BoundLifetimes) {}
}
