//! All names that the macro creates: identifiers in the output, and names on the wire.
//!
//! Variables begin with `__rpc_`, because a plain name as a pattern would match against a user's
//! constant or unit struct of that name. Exceptions are the parameters of `connect`, `new` and the
//! like, because people read them.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{VisRestricted, Visibility};

/// `VaultClient` for `Vault`.
pub(crate) fn client(service: &Ident) -> Ident {
    beside(service, "Client")
}

/// `VaultServer` for `Vault`.
pub(crate) fn server(service: &Ident) -> Ident {
    beside(service, "Server")
}

/// A name that users write too. Errors point at the trait, but lints treat the name as generated.
fn beside(service: &Ident, suffix: &str) -> Ident {
    format_ident!("{}{}", service, suffix, span = Span::mixed_site().located_at(service.span()))
}

/// Returns the trait's visibility for a generated item. An item begins with its `pub`, so this too
/// must count as generated; otherwise, if another macro wrote the trait, lints take the item for
/// that macro's code.
pub(crate) fn visibility(service: &Visibility) -> Visibility {
    let mut visibility = service.clone();
    if let Visibility::Public(word) | Visibility::Restricted(VisRestricted { pub_token: word, .. }) = &mut visibility {
        word.span = Span::mixed_site().located_at(word.span);
    }
    visibility
}

/// The type parameter of generated impls. They name user types, so it must not clash with one.
pub(crate) fn implementor() -> Ident {
    Ident::new("__RpcService", Span::mixed_site())
}

/// The variable for a received argument in an arm of the server, distinct from all its other names.
pub(crate) fn received(parameter: &Ident) -> Ident {
    format_ident!("__rpc_received_{}", parameter, span = Span::mixed_site())
}

/// The user's method, as named in generated code: errors point at it, lints about its callers stay
/// silent.
pub(crate) fn called(method: &Ident) -> Ident {
    let mut name = method.clone();
    name.set_span(Span::mixed_site().located_at(method.span()));
    name
}

/// Returns the name of a method or parameter on the wire: `type` for `r#type`.
pub(crate) fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// How `rename_all` writes method names.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    /// Each case with the name by which users choose it, which is written in that case.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    /// Converts a name to this case. Assumes snake case, as the compiler recommends for methods.
    pub(crate) fn apply(self, name: &str) -> String {
        let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
        match self {
            Self::Lower => words.concat().to_lowercase(),
            Self::Upper => words.concat().to_uppercase(),
            Self::Pascal => words.into_iter().map(capitalised).collect(),
            Self::Camel => match words.split_first() {
                Some((first, rest)) => {
                    first.to_lowercase() + &rest.iter().copied().map(capitalised).collect::<String>()
                }
                None => String::new(),
            },
            Self::Snake => words.join("_").to_lowercase(),
            Self::ScreamingSnake => words.join("_").to_uppercase(),
            Self::Kebab => words.join("-").to_lowercase(),
            Self::ScreamingKebab => words.join("-").to_uppercase(),
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn every_case_writes_two_words_its_own_way() {
        let written: Vec<String> = Case::ALL.iter().map(|(_, case)| case.apply("list_entries")).collect();
        let expected = [
            "listentries",
            "LISTENTRIES",
            "ListEntries",
            "listEntries",
            "list_entries",
            "LIST_ENTRIES",
            "list-entries",
            "LIST-ENTRIES",
        ];
        assert_eq!(written, expected);
    }

    #[test]
    fn outer_underscores_and_digits_do_not_begin_words() {
        assert_eq!(Case::Pascal.apply("_sha_256_"), "Sha256");
        assert_eq!(Case::Camel.apply("sha_256"), "sha256");
        assert_eq!(Case::Camel.apply("__"), "");
    }
}
