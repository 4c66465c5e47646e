//! Questions about single pieces of Rust's syntax.

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta, Token};

use super::source_tree::Files;

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name that other modules call the item by; none for an `impl` or a call of a macro.
pub(crate) fn item_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Whether the attributes contain `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, ...))]`.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            nested(list).is_some_and(|conditions| conditions.iter().any(needs_test))
        }
        _ => false,
    }
}

fn nested(list: &syn::MetaList) -> Option<Punctuated<Meta, Token![,]>> {
    list.parse_args_with(Punctuated::parse_terminated).ok()
}

/// The files of a module that `declaring` declares: more than one if a `cfg_attr` chooses.
pub(crate) fn module_files(files: &Files, declaring: &str, module: &ItemMod) -> Vec<String> {
    let (folder, file_name) = declaring.rsplit_once('/').unwrap_or(("", declaring));
    let within = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let given = |name: &str| within(name.trim_matches('"'));

    let mut found = Vec::new();
    for attribute in &module.attrs {
        if let Some(path) = path_value(&attribute.meta) {
            return vec![given(&path)];
        }
        if attribute.path().is_ident("cfg_attr")
            && let Meta::List(list) = &attribute.meta
        {
            found.extend(
                nested(list).into_iter().flatten().filter_map(|meta| path_value(&meta)).map(|path| given(&path)),
            );
        }
    }
    let name = module.ident.to_string();
    let stem = file_name.trim_end_matches(".rs");
    let below = if ["mod", "lib", "main"].contains(&stem) { name } else { format!("{stem}/{name}") };
    let (flat, nested) = (within(&format!("{below}.rs")), within(&format!("{below}/mod.rs")));
    found.push(if files.contains_key(&nested) { nested } else { flat });
    found
}

/// The value of `path = "value"`.
fn path_value(meta: &Meta) -> Option<String> {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) => Some(value.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Reports each path, and each single name, in the body or the arguments of a macro, with its line.
pub(crate) fn paths_in_tokens(tokens: TokenStream, report: &mut impl FnMut(Vec<String>, usize)) {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => paths_in_tokens(group.stream(), report),
            TokenTree::Ident(first) => {
                // `::std` and the `new` of `<T>::new` are not the start of a path
                let is_start = !(at >= 2 && is_colon(tokens.get(at - 1)) && is_colon(tokens.get(at - 2)));
                let mut path = vec![first.to_string()];
                while is_colon(tokens.get(at + 1))
                    && is_colon(tokens.get(at + 2))
                    && let Some(TokenTree::Ident(next)) = tokens.get(at + 3)
                {
                    path.push(next.to_string());
                    at += 3;
                }
                if is_start {
                    report(path, first.span().start().line);
                }
            }
            _ => {}
        }
        at += 1;
    }
}
