//! Documentation as a part of a contract.

use proc_macro2::TokenStream;

use super::generate;
use crate::model::{DocPart, Docs};
use crate::runtime::Runtime;

/// ```text
/// /// What is stored.                                        // in
/// .docs("What is stored.")                                   // out
/// #[doc = include_str!("vault.md")]                          // in
/// .docs(concat!(include_str!("vault.md")))                   // out
/// ```
pub(crate) fn call(docs: &Docs, runtime: Runtime<'_>) -> Option<TokenStream> {
    if docs.is_empty() {
        return None;
    }
    let texts: Vec<&str> = docs.iter().filter_map(text).collect();
    if texts.len() == docs.len() {
        let text = texts.join("\n");
        return Some(generate!(.docs(#text)));
    }
    let mut members = Vec::new();
    for (at, part) in docs.iter().enumerate() {
        if at > 0 {
            members.push(generate!("\n"));
        }
        members.push(match part {
            DocPart::Text(text) => generate!(#text),
            DocPart::Macro(written) => generate!(#written),
        });
    }
    Some(generate!(.docs(#runtime::concat!(#(#members),*))))
}

fn text(part: &DocPart) -> Option<&str> {
    match part {
        DocPart::Text(text) => Some(text),
        DocPart::Macro(_) => None,
    }
}
