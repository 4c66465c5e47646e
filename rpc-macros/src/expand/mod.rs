//! The model to tokens. The output calls, `rpc-core` does: no loop, no decoding and no second `match` is written here.
//! Generated tokens resolve where the trait stands but belong to no one's code, so that lints leave them alone; tokens
//! of the user keep their places, so that the compiler's own errors point at them.

mod client;
mod codec;
mod definition;
mod fallback;
mod forward;
mod server;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemTrait;

pub(crate) use self::fallback::{fallback, unreadable};
use crate::model::Service;
use crate::runtime::Runtime;

/// `quote!` whose own tokens are the macro's.
macro_rules! generate {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned! { ::proc_macro2::Span::mixed_site()=> $($tokens)* }
    };
}
use generate;

/// Everything that a sound service becomes.
pub(crate) fn service(definition: &ItemTrait, service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let definition = definition::emitted(definition);
    let forwarding = forward::impls(service, runtime);
    let client = client::items(service, runtime);
    let server = server::items(service, runtime);
    quote!(#definition #forwarding #client #server)
}
