//! Which types can travel, as far as their spelling shows. Refuses types that could not mean the
//! same on both sides, and those that hide a stream. Only the compiler knows whether a type
//! implements serde's traits; the expansion asks it.

use syn::visit::{self, Visit};
use syn::visit_mut::VisitMut;
use syn::{Error, Type, TypeImplTrait, TypePath, TypeReference, TypeTraitObject};

use super::normal::OpenLifetimes;
use super::opaque::{self, Role};
use super::owner;
use crate::diagnostics::readable;

/// Returns the type of a value as the codecs need it: with `'_` for lifetimes, because generated
/// code stands where they have no names.
pub(crate) fn sendable(ty: &Type, role: Role) -> syn::Result<Type> {
    let found = Search::of(ty, role);
    if let Some(mistake) = found.worse {
        return Err(mistake);
    }
    if found.reference {
        return Err(reference_inside(ty, role));
    }
    let mut sent = ty.clone();
    OpenLifetimes.visit_type_mut(&mut sent);
    Ok(sent)
}

/// Returns the error for what cannot travel in a type, even if there were an owned type for each
/// reference.
pub(crate) fn opaque_inside(ty: &Type, role: Role) -> Option<Error> {
    Search::of(ty, role).worse
}

/// Searches a type for what cannot travel. A stream inside it makes a better message than the
/// reference around it, so references come last.
struct Search {
    role: Role,
    worse: Option<Error>,
    reference: bool,
}

impl Search {
    fn of(ty: &Type, role: Role) -> Self {
        let mut search = Self { role, worse: None, reference: false };
        search.visit_type(ty);
        search
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_type_impl_trait(&mut self, written: &'ast TypeImplTrait) {
        self.worse.get_or_insert(opaque::inside(written, self.role));
    }

    fn visit_type_trait_object(&mut self, written: &'ast TypeTraitObject) {
        self.worse.get_or_insert(opaque::object(written, self.role));
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

fn reference_inside(ty: &Type, role: Role) -> Error {
    let owned = readable(owner::without_references(ty));
    let reason = match role {
        Role::Item => "an item owns what it holds, because the buffer that it came in is used again",
        _ => "a reference inside a type has nothing to point at on the other side",
    };
    Error::new_spanned(ty, format!("{reason}: write `{owned}`"))
}
