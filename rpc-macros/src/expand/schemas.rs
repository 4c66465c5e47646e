//! The types of what a method takes and returns, for a macro of `rpc-core` that drops them unless
//! its feature `schema` is enabled. So nothing here asks anything of a type.

use proc_macro2::TokenStream;
use quote::ToTokens;

use super::generate;
use crate::model::{Carried, Method, Outcome, Stream};
use crate::runtime::Runtime;

/// ```text
/// fn put(&self, name: &str, rows: impl Iterator<Item = Result<Row>>) -> Result<u32>;                      // in
/// parameters: [str], sent: [Row, ErrorOf<Result<()>>], value: [u32], returned: [], error: [ErrorOf<..>]   // out
/// ```
pub(crate) fn places(method: &Method, runtime: Runtime<'_>) -> TokenStream {
    let parameters = method.values.iter().map(|value| &value.sent);
    let sent = items(method.stream.as_ref().map(|sent| &sent.stream), runtime);
    let reply = &method.returned.reply;
    let value = match (&reply.value, &reply.stream) {
        (Some(value), _) => Some(value.to_token_stream()),
        (None, None) => Some(generate!(())),
        (None, Some(_)) => None,
    };
    let returned = items(reply.stream.as_ref(), runtime);
    let error = error(&method.returned.outcome, runtime);
    let value = value.into_iter();
    generate! {
        parameters: [#(#parameters),*], sent: [#sent], value: [#(#value),*], returned: [#returned], error: [#error]
    }
}

/// Returns the types of the items of a stream of values: that of each, and that of their error.
fn items(stream: Option<&Stream>, runtime: Runtime<'_>) -> Option<TokenStream> {
    let Carried::Values(items) = &stream?.carries else { return None };
    let value = items.value.as_ref().map_or_else(|| generate!(()), ToTokens::to_token_stream);
    let error = error(&items.outcome, runtime);
    Some(generate!(#value, #error))
}

/// Returns a type that has the schema of an error, whose name may be hidden in an alias. Unlike the
/// error's own, it exists if the user has written something else than a `Result`, which is reported
/// elsewhere.
fn error(outcome: &Outcome, runtime: Runtime<'_>) -> TokenStream {
    let outcome = &outcome.without_value;
    generate!(#runtime::ErrorOf<#outcome>)
}
