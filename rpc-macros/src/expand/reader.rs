//! The type that a client returns where the trait has `impl Read` or `impl Iterator`, so that
//! callers can name it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Signature, Type, parse_quote_spanned};

use super::{codec, generate};
use crate::model::{Carried, Items, Method, Stream};
use crate::runtime::Runtime;

/// ```text
/// fn entries(&self) -> Result<impl Iterator<Item = Result<Entry>>>;       // in
/// fn entries(&self) -> Result<ValueReader<'static, Entry, ..>>            // out
/// ```
pub(crate) fn named(method: &Method, lifetime: &TokenStream, runtime: Runtime<'_>) -> Signature {
    let mut signature = method.signature.clone();
    if let Some(returned) = &method.returned.reply.stream {
        // the returned stream holds the sent one
        let sent = method.stream.as_ref().map(|sent| held(&sent.stream, runtime)).into_iter();
        let reader = match &returned.carries {
            Carried::Octets => generate!(#runtime::OctetReader<#lifetime #(, #sent)*>),
            Carried::Values(items) => {
                let items = arguments(items, runtime);
                generate!(#runtime::ValueReader<#lifetime, #items #(, #sent)*>)
            }
        };
        ReplaceStream { reader }.visit_return_type_mut(&mut signature.output);
    }
    signature
}

/// Returns the type of what is sent. The stream's own type has no name and is given by its bounds.
fn held(stream: &Stream, runtime: Runtime<'_>) -> TokenStream {
    let written = &stream.written;
    match &stream.carries {
        Carried::Octets => quote!(#written),
        Carried::Values(items) => {
            let items = arguments(items, runtime);
            generate!(#runtime::SentItems<#written, #items>)
        }
    }
}

/// Returns the types of an item's value and error.
fn arguments(items: &Items, runtime: Runtime<'_>) -> TokenStream {
    let value = items.value.as_ref().map_or_else(|| generate!(()), ToTokens::to_token_stream);
    let error = codec::error_type(&items.outcome, runtime);
    generate!(#value, #error)
}

struct ReplaceStream {
    reader: TokenStream,
}

impl VisitMut for ReplaceStream {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(_) = ty {
            let reader = &self.reader;
            *ty = parse_quote_spanned!(Span::mixed_site()=> #reader);
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}
