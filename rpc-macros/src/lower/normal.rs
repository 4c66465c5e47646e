//! Types without what does not matter to the generated code: how they are grouped, and how their
//! lifetimes are named.

use syn::visit_mut::VisitMut;
use syn::{BoundLifetimes, Lifetime, Type};

/// Returns the type without parentheses and without the invisible groups that `macro_rules` puts
/// around it.
pub(crate) fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        other => other,
    }
}

/// Replaces named lifetimes by `'_`, which the compiler infers.
pub(crate) struct OpenLifetimes;

impl VisitMut for OpenLifetimes {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }

    fn visit_bound_lifetimes_mut(&mut self, _: &mut BoundLifetimes) {}
}
