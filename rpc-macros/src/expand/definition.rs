//! The trait as emitted: without `#[rpc(..)]`, otherwise unchanged, because handlers repeat its
//! signatures.

use syn::{FnArg, ItemTrait, TraitItem};

use crate::attributes::{is_helper, of_item};

/// ```text
/// trait Vault { #[rpc(name = "ListEntries")] fn list(&self) -> Result<()>; }   // in
/// trait Vault {                              fn list(&self) -> Result<()>; }   // out
/// ```
pub(crate) fn emitted(definition: &ItemTrait) -> ItemTrait {
    let mut definition = definition.clone();
    definition.attrs.retain(|attribute| !is_helper(attribute));
    for item in &mut definition.items {
        if let Some(attributes) = of_item(item) {
            attributes.retain(|attribute| !is_helper(attribute));
        }
        if let TraitItem::Fn(function) = item {
            function.sig.inputs.iter_mut().for_each(without_helpers);
        }
    }
    definition
}

fn without_helpers(input: &mut FnArg) {
    let attributes = match input {
        FnArg::Receiver(receiver) => &mut receiver.attrs,
        FnArg::Typed(parameter) => &mut parameter.attrs,
    };
    attributes.retain(|attribute| !is_helper(attribute));
}
