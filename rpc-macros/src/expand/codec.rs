//! Codecs: how generated code asks the compiler whether a type is serde's. Each is a call of one function with one type
//! in it, which is spelled with the user's tokens, so that a type that is not gives one error, where it was written.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::generate;
use crate::model::{Returned, Value, type_arguments};
use crate::runtime::Runtime;

/// ```text
/// prefix: &str            // in
/// parameter::<str>()      // out
/// ```
pub(crate) fn parameter(value: &Value, runtime: &Runtime) -> TokenStream {
    let sent = &value.sent;
    generate!(#runtime::parameter::<#sent>())
}

/// ```text
/// Result<Vec<Entry>>          // in
/// result::<Vec<Entry>>()      // out; unit() for ()
/// ```
pub(crate) fn result(returned: &Returned, runtime: &Runtime) -> TokenStream {
    match &returned.reply.value {
        Some(value) => generate!(#runtime::result::<#value>()),
        None => generate!(#runtime::unit()),
    }
}

/// ```text
/// Result<Vec<Entry>>                              // in
/// error::<<Result<()> as Outcome>::Error>()       // out
/// ```
///
/// The name of the error may be hidden in an alias; then the compiler points at the whole return type.
pub(crate) fn error(returned: &Returned, runtime: &Runtime) -> TokenStream {
    let outcome = &returned.outcome;
    let (first, last) = ends(error_place(returned));
    let open = quote_spanned!(first=> <);
    let close = quote_spanned!(last=> >::Error);
    generate!(#runtime::error::<#open #outcome as #runtime::Outcome #close>())
}

/// The error type where it can be seen, else the whole return type.
fn error_place(returned: &Returned) -> TokenStream {
    match type_arguments(&returned.written).nth(1) {
        Some(error) => error.to_token_stream(),
        None => returned.written.to_token_stream(),
    }
}

/// The places of the first and the last token, for generated tokens that stand for them.
fn ends(tokens: TokenStream) -> (Span, Span) {
    let located = |span: Span| Span::mixed_site().located_at(span);
    let mut spans = tokens.into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (located(first), located(spans.last().unwrap_or(first)))
}
