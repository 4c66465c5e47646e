//! Snapshots of the macro's output, so that a reviewer sees each change of it. The tests expand
//! each `name.rs` and compare it with `name.expanded.rs`. After an intended change, regenerate the
//! snapshots and read them:
//!
//! ```text
//! EXPAND=overwrite cargo test -p rpc-macros
//! ```

use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{File, ItemTrait, Meta};

#[test]
fn a_shared_service() {
    compare("vault");
}

#[test]
fn a_session() {
    compare("session");
}

#[test]
fn streams_of_values() {
    compare("values");
}

#[test]
fn a_stream_of_values_of_a_session() {
    compare("session_values");
}

#[test]
fn documentation() {
    compare("docs");
}

#[test]
fn every_option() {
    compare("options");
}

#[test]
fn mistakes_leave_the_trait() {
    compare("mistakes");
}

#[test]
fn mistakes_in_streams_of_values() {
    compare("stream_mistakes");
}

/// With `crate = path`, nothing may name a crate called `rpc_core`.
#[test]
fn a_renamed_crate_is_named_everywhere() {
    let expanded = expand(&fixture("options.rs"));
    assert!(expanded.contains("::renamed::inner::__private"), "{expanded}");
    assert!(!expanded.contains("rpc_core"), "{expanded}");
}

fn compare(name: &str) {
    let expected = fixture(&format!("{name}.expanded.rs"));
    let expanded = expand(&fixture(&format!("{name}.rs")));
    if env::var_os("EXPAND").is_some_and(|wish| wish == "overwrite") {
        fs::write(&expected, &expanded).expect("the expectation can be written");
    }
    let kept = fs::read_to_string(&expected).unwrap_or_default();
    if let Some((line, (kept, expanded))) = kept.lines().zip(expanded.lines()).enumerate().find(|(_, (a, b))| a != b) {
        panic!("{}:{}: expected\n{kept}\nbut the macro writes\n{expanded}", expected.display(), line + 1);
    }
    assert_eq!(kept.lines().count(), expanded.lines().count(), "{} has another length", expected.display());
}

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand").join(file)
}

/// Expands the one trait in a file, which has the attribute as a user would write it.
fn expand(file: &Path) -> String {
    let source = fs::read_to_string(file).expect("the fixture can be read");
    let mut definition: ItemTrait = syn::parse_str(&source).expect("the fixture is a trait");
    let position = definition.attrs.iter().position(|attribute| attribute.path().is_ident("rpc_service"));
    let attribute = definition.attrs.remove(position.expect("the fixture has the attribute"));
    let options = match attribute.meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    let expanded = crate::service(options, definition.into_token_stream());
    let expanded: File = syn::parse2(expanded).expect("the macro writes items");
    prettyplease::unparse(&expanded)
}
