//! The path from generated code into `rpc-core`: its hidden module. The output names nothing else
//! of any crate.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;

/// Prints as the path of the hidden module, `::rpc_core::__private` unless `crate = path` says
/// otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Runtime<'a> {
    path: Option<&'a Path>,
    span: Span,
}

impl<'a> Runtime<'a> {
    /// The module in the crate at `path`, by default in `rpc_core`.
    pub(crate) fn of(path: Option<&'a Path>) -> Self {
        Self { path, span: Span::mixed_site() }
    }

    /// The same path with another span, so that errors about what follows it point there.
    pub(crate) fn at(self, span: Span) -> Self {
        Self { span, ..self }
    }
}

impl ToTokens for Runtime<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self.path {
            Some(path) => quote_spanned!(self.span=> #path::__private),
            None => quote_spanned!(self.span=> ::rpc_core::__private),
        });
    }
}
