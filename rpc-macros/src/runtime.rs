//! The one way from generated code into `rpc-core`: its hidden module. Nothing else of any crate is named in the output.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

/// Prints as the path of the hidden module, `::rpc_core::__private` unless `crate = path` says otherwise.
pub(crate) struct Runtime {
    private: TokenStream,
}

impl Runtime {
    /// The module in the crate that `path` leads to, or in the crate called `rpc_core`.
    pub(crate) fn of(path: Option<&syn::Path>) -> Self {
        let span = Span::mixed_site();
        let private = match path {
            Some(path) => quote_spanned!(span=> #path::__private),
            None => quote_spanned!(span=> ::rpc_core::__private),
        };
        Self { private }
    }
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.private.to_tokens(tokens);
    }
}
