//! What to write in place of a reference: the corresponding owned type. Only messages need it.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Ident, PathSegment, Type, parse_quote};

/// Returns the owned type for a reference to `elem`: `String` for `str`.
pub(crate) fn of(elem: &Type) -> TokenStream {
    without_references(&parse_quote!(&#elem))
}

/// Replaces each reference in a type by the owned type: `Option<String>` for `Option<&str>`.
pub(crate) fn without_references(ty: &Type) -> TokenStream {
    let mut owned = ty.clone();
    Own.visit_type_mut(&mut owned);
    owned.into_token_stream()
}

struct Own;

impl VisitMut for Own {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        if let Type::Reference(reference) = ty {
            *ty = owner(&reference.elem);
        }
    }
}

fn owner(elem: &Type) -> Type {
    match elem {
        Type::Slice(slice) => {
            let elem = &slice.elem;
            parse_quote!(Vec<#elem>)
        }
        Type::Path(path) => {
            let mut path = path.clone();
            if let Some(segment) = path.path.segments.last_mut() {
                rename_to_owner(segment);
            }
            Type::Path(path)
        }
        other => other.clone(),
    }
}

fn rename_to_owner(segment: &mut PathSegment) {
    const OWNERS: [(&str, &str); 4] =
        [("str", "String"), ("Path", "PathBuf"), ("OsStr", "OsString"), ("CStr", "CString")];
    if let Some((_, owner)) = OWNERS.iter().find(|(borrowed, _)| segment.ident == borrowed) {
        segment.ident = Ident::new(owner, segment.ident.span());
    }
}
