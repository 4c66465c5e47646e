//! The attribute `#[rpc_service]` of `rpc-core`, which re-exports and documents it: depend on that
//! crate, not on this one.
//!
//! The modules are the stages of a pipeline. `args` reads the options of the attribute and `parse`
//! the trait; `lower` turns the trait into the plain data of `model` and refuses what a method may
//! not contain; `check` applies the rules between methods; `expand` writes the output.
//! `diagnostics` collects mistakes, so that all of them are reported at once. No stage looks ahead,
//! and client and server are generated only if the whole trait is valid.

mod args;
mod attributes;
mod check;
mod diagnostics;
mod expand;
mod lower;
mod model;
mod names;
mod parse;
mod runtime;
mod wire_name;

use proc_macro2::TokenStream;

/// Makes a trait a service; `rpc_core::rpc_service` documents it.
#[proc_macro_attribute]
pub fn rpc_service(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    service(options.into(), item.into()).into()
}

/// Runs the whole pipeline on tokens that work outside the compiler.
fn service(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = diagnostics::Errors::default();
    let options = args::ServiceOptions::read(options, &mut errors);
    let definition = match parse::definition(&item) {
        Ok(definition) => definition,
        Err(mistake) => return expand::unreadable(&mistake, &item),
    };
    let service = lower::service(&definition, &options, &mut errors);
    check::service(&service, &mut errors);
    match errors.finish() {
        Ok(()) => expand::service(&definition, &service, options.runtime()),
        Err(mistakes) => expand::fallback(&definition, &mistakes),
    }
}

#[cfg(test)]
#[path = "../tests/expand/mod.rs"]
mod snapshots;
