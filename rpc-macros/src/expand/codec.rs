//! Codecs: how generated code asks the compiler whether a type implements serde's traits. Each is a
//! call of one function with one type argument, spelled with the user's tokens. The call has the
//! span of the type, so that a type without the traits causes one error, there.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::generate;
use crate::model::{Carried, Items, Outcome, Reply, Returned, Value, type_arguments};
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
fn result(value: Option<&Type>, runtime: Runtime<'_>) -> TokenStream {
    let Some(value) = value else {
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
/// The name of the error may be hidden in an alias; then the compiler points at the whole `Result`.
fn error(outcome: &Outcome, runtime: Runtime<'_>) -> TokenStream {
    let error = error_type(outcome, runtime);
    let (first, last) = ends(&error);
    let runtime = runtime.at(first);
    let (open, close) = (quote_spanned!(first=> #runtime::error::<), quote_spanned!(last=> , _>()));
    quote!(#open #error #close)
}

/// ```text
/// Result<Vec<Entry>>                  // in
/// <Result<()> as Outcome>::Error      // out
/// ```
pub(crate) fn error_type(outcome: &Outcome, runtime: Runtime<'_>) -> TokenStream {
    let Outcome { written, without_value } = outcome;
    let (first, last) = match type_arguments(written).nth(1) {
        Some(error) => ends(error),
        None => ends(written),
    };
    let runtime = runtime.at(first);
    let (open, close) = (quote_spanned!(first=> <), quote_spanned!(last=> as #runtime::Outcome>::Error));
    quote!(#open #without_value #close)
}

/// ```text
/// impl Iterator<Item = Result<Entry>>             // in
/// items(result::<Entry, _>(), error::<..>())      // out
/// ```
pub(crate) fn items(items: &Items, runtime: Runtime<'_>) -> TokenStream {
    let (value, error) = (result(items.value.as_ref(), runtime), error(&items.outcome, runtime));
    generate!(#runtime::items(#value, #error))
}

/// ```text
/// Result<Vec<Entry>>                                          // in
/// json(result::<Vec<Entry>, _>(), error::<..>())              // out; or octets(..), values(items(..), ..)
/// ```
pub(crate) fn reply(returned: &Returned, runtime: Runtime<'_>) -> TokenStream {
    let Reply { value, stream } = &returned.reply;
    let (result, error) = (result(value.as_ref(), runtime), error(&returned.outcome, runtime));
    match (value, stream.as_ref().map(|stream| &stream.carries)) {
        (_, None) => generate!(#runtime::json(#result, #error)),
        (None, Some(Carried::Octets)) => generate!(#runtime::octets(#error)),
        (Some(_), Some(Carried::Octets)) => generate!(#runtime::json_and_octets(#result, #error)),
        (None, Some(Carried::Values(carried))) => {
            let items = items(carried, runtime);
            generate!(#runtime::values(#items, #error))
        }
        (Some(_), Some(Carried::Values(carried))) => {
            let items = items(carried, runtime);
            generate!(#runtime::json_and_values(#result, #items, #error))
        }
    }
}

/// Returns the spans of the first and the last token, for generated tokens that stand for them.
fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let located = |span: Span| Span::mixed_site().located_at(span);
    let mut spans = tokens.into_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (located(first), located(spans.last().unwrap_or(first)))
}
