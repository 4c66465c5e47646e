//! What to write in place of a stream that is spelled almost right, or stands where none can. Only
//! messages need it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::bounds::{self, Bounds};
use super::{outcome, owner};
use crate::diagnostics::readable;
use crate::model::type_arguments;

/// Returns `impl Iterator<Item = Result<String>> + Send` for `FusedIterator<Item = &str> + Send`,
/// and `impl Read + Send` for `Read + Send`.
pub(crate) fn stream(bounds: &Bounds) -> String {
    let Some(iterator) = bounds::iterator(bounds) else { return readable(quote!(impl #bounds)) };
    let item = bounds::item(iterator).map_or_else(|| quote!(Result<T>), result);
    let others = bounds.iter().filter(|bound| !bounds::is_iterator(bound));
    readable(quote!(impl Iterator<Item = #item> #(+ #others)*))
}

/// Returns a type for all that a stream with these bounds carries: `Vec<Entry>`, or `Vec<u8>`.
pub(crate) fn value(bounds: &Bounds) -> String {
    let Some(iterator) = bounds::iterator(bounds) else { return "Vec<u8>".to_owned() };
    let value = bounds::item(iterator).map_or_else(|| quote!(T), value_of);
    readable(quote!(Vec<#value>))
}

/// Returns `Result<T>` for `T` and `Result<T>`.
fn result(item: &Type) -> TokenStream {
    let owned = owner::without_references(item);
    if outcome::is_result(item) { owned } else { quote!(Result<#owned>) }
}

/// Returns `T` for `T` and `Result<T>`.
fn value_of(item: &Type) -> TokenStream {
    match outcome::read(item) {
        Ok(Some(outcome)) => type_arguments(&outcome.written).next().map(owner::without_references).unwrap_or_default(),
        _ => owner::without_references(item),
    }
}
