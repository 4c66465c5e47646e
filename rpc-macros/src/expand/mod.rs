//! Turns the model into tokens. The output only calls `rpc-core`: it has no loop, no decoding and
//! no second `match`. Generated tokens have the span `mixed_site`, so that lints ignore them;
//! tokens of the user keep their spans, so that the compiler's own errors point at them.

mod client;
mod codec;
mod definition;
mod docs;
mod fallback;
mod forward;
mod reader;
mod schemas;
mod server;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemTrait;

pub(crate) use self::fallback::{fallback, unreadable};
use crate::model::Service;
use crate::runtime::Runtime;

/// `quote!` with the span `mixed_site` for its own tokens.
macro_rules! generate {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned! { ::proc_macro2::Span::mixed_site()=> $($tokens)* }
    };
}
use generate;

/// Returns the condition of an impl for a type that is not known: that it is what the service
/// requires of each implementation.
fn supertraits(service: &Service) -> Option<TokenStream> {
    let supertraits = &service.supertraits;
    (!supertraits.is_empty()).then(|| generate!(Self: #supertraits))
}

/// Returns the expansion of a valid service.
pub(crate) fn service(definition: &ItemTrait, service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let definition = definition::emitted(definition);
    let forwarding = forward::impls(service, runtime);
    let client = client::items(service, runtime);
    let server = server::items(service, runtime);
    quote!(#definition #forwarding #client #server)
}
