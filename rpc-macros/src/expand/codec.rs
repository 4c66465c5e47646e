//! Codecs: how generated code asks the compiler whether a type implements serde's traits. Each is a
//! call of one function with one type argument, spelled with the user's tokens. The call has the
//! span of the type, so that a type without the traits causes one error, there.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::generate;
use crate::model::{Returned, Value, type_arguments};
use crate::runtime::Runtime;

/// ```text
/// prefix: &str            // in
/// parameter::<str, _>()   // out
/// ```
pub(crate) fn parameter(value: &Value, runtime: Runtime<'_>) -> TokenStream {
    let sent = &value.sent;
    let (first, last) = ends(sent);
    let runtime = runtime.at(first);
    let (open, close) = (quote_spanned!(first=> #runtime::parameter::<), quote_spanned!(last=> , _>()));
    quote!(#open #sent #close)
}

/// ```text
/// Result<Vec<Entry>>          // in
/// result::<Vec<Entry>, _>()   // out; unit() for ()
/// ```
fn result(returned: &Returned, runtime: Runtime<'_>) -> TokenStream {
    let Some(value) = &returned.reply.value else {
        let span = Span::mixed_site();
        return quote_spanned!(span=> #runtime::unit());
    };
    let (first, last) = ends(value);
    let runtime = runtime.at(first);
    let (open, close) = (quote_spanned!(first=> #runtime::result::<), quote_spanned!(last=> , _>()));
    quote!(#open #value #close)
}

/// ```text
/// Result<Vec<Entry>>                              // in
/// error::<<Result<()> as Outcome>::Error, _>()    // out
/// ```
///
/// The name of the error may be hidden in an alias; then the compiler points at the whole return
/// type.
fn error(returned: &Returned, runtime: Runtime<'_>) -> TokenStream {
    let outcome = &returned.outcome;
    let (first, last) = match type_arguments(&returned.written).nth(1) {
        Some(error) => ends(error),
        None => ends(&returned.written),
    };
    let runtime = runtime.at(first);
    let open = quote_spanned!(first=> #runtime::error::<<);
    let close = quote_spanned!(last=> as #runtime::Outcome>::Error, _>());
    quote!(#open #outcome #close)
}

/// ```text
/// Result<Vec<Entry>>                                          // in
/// json(result::<Vec<Entry>, _>(), error::<..>())              // out; or octets(..), or json_and_octets(..)
/// ```
pub(crate) fn reply(returned: &Returned, runtime: Runtime<'_>) -> TokenStream {
    let (result, error) = (result(returned, runtime), error(returned, runtime));
    match (&returned.reply.value, &returned.reply.stream) {
        (_, None) => generate!(#runtime::json(#result, #error)),
        (None, Some(_)) => generate!(#runtime::octets(#error)),
        (Some(_), Some(_)) => generate!(#runtime::json_and_octets(#result, #error)),
    }
}

/// Returns the spans of the first and the last token, for generated tokens that stand for them.
fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let located = |span: Span| Span::mixed_site().located_at(span);
    let mut spans = tokens.into_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (located(first), located(spans.last().unwrap_or(first)))
}
