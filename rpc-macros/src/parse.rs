//! Parses tokens into a trait. Refuses anything else, and says where the attribute belongs.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Error, Item, ItemTrait};

/// Returns the trait as written.
pub(crate) fn definition(item: &TokenStream) -> syn::Result<ItemTrait> {
    match syn::parse2(item.clone())? {
        Item::Trait(definition) => Ok(definition),
        Item::Impl(block) if block.trait_.is_some() => Err(Error::new(
            block.impl_token.span,
            "`#[rpc_service]` belongs on the trait: an ordinary `impl` of it needs no attribute",
        )),
        other => Err(Error::new(
            keyword(&other),
            "`#[rpc_service]` belongs on a trait: write `#[rpc_service] pub trait Name { .. }`",
        )),
    }
}

/// Returns the keyword of an item, which is enough for a message to point at.
fn keyword(item: &Item) -> Span {
    match item {
        Item::Struct(item) => item.struct_token.span,
        Item::Enum(item) => item.enum_token.span,
        Item::Fn(item) => item.sig.fn_token.span,
        Item::Impl(item) => item.impl_token.span,
        Item::Mod(item) => item.mod_token.span,
        other => other.span(),
    }
}
