//! The options: `prefix`, `rename_all` and `crate` of `#[rpc_service(..)]`, `name`, `alias` and
//! `idempotent` of `#[rpc(..)]` on a method, `alias` of it on a parameter. The rest is still read
//! after an option that is unknown, given twice or malformed.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, LitStr, Meta, Path, Token};

use crate::attributes::{hides_helper, is_helper};
use crate::diagnostics::Errors;
use crate::names::{self, Case};
use crate::runtime::Runtime;

/// The contents of `#[rpc_service(..)]`.
#[derive(Default)]
pub(crate) struct ServiceOptions {
    prefix: Option<LitStr>,
    rename_all: Option<Case>,
    krate: Option<Path>,
}

impl ServiceOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let read = each_option(errors, |option, input| match option.to_string().as_str() {
            "prefix" => once(&mut options.prefix, option, text(option, input, "vault.")?),
            "rename_all" => once(&mut options.rename_all, option, case(option, input)?),
            "crate" => once(&mut options.krate, option, path(option, input)?),
            "name" => Err(Error::new(
                option.span(),
                "`name` belongs on a method: write `#[rpc(name = \"..\")]` there, or `prefix = \"..\"` here",
            )),
            "alias" => Err(Error::new(
                option.span(),
                "`alias` belongs on a method or a parameter: write `#[rpc(alias = \"..\")]` there",
            )),
            "idempotent" => Err(Error::new(
                option.span(),
                "`idempotent` belongs on each method that may run twice: write `#[rpc(idempotent)]` there",
            )),
            _ => Err(Error::new(
                option.span(),
                format!("unknown option `{option}`: the options are `prefix`, `rename_all` and `crate`"),
            )),
        })
        .parse2(tokens);
        errors.keep(read);
        options
    }

    /// The path to `rpc-core` that the user chose.
    pub(crate) fn runtime(&self) -> Runtime<'_> {
        Runtime::of(self.krate.as_ref())
    }

    /// Returns a method's name on the wire: exactly the name in its own attribute, otherwise the
    /// trait's prefix followed by its name in the trait's case.
    pub(crate) fn wire_name(&self, method: &Ident, own: Option<LitStr>) -> LitStr {
        own.unwrap_or_else(|| {
            let plain = names::plain(method);
            let renamed = self.rename_all.map_or_else(|| plain.clone(), |case| case.apply(&plain));
            let prefix = self.prefix.as_ref().map(LitStr::value).unwrap_or_default();
            LitStr::new(&(prefix + &renamed), method.span())
        })
    }
}

/// The contents of `#[rpc(..)]` on a method.
#[derive(Default)]
pub(crate) struct MethodOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    /// Where it says that the method may run twice.
    pub(crate) idempotent: Option<Ident>,
}

impl MethodOptions {
    pub(crate) fn read(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut options = Self::default();
        each_helper(attributes, "name = \"..\"", errors, |option, input| match option.to_string().as_str() {
            "name" => once(&mut options.name, option, text(option, input, "ListEntries")?),
            "alias" => {
                options.aliases.push(text(option, input, "old_name")?);
                Ok(())
            }
            "idempotent" => once(&mut options.idempotent, option, flag(option, input)?),
            other => Err(unknown_helper(option, other, "a method has the options `name`, `alias` and `idempotent`")),
        });
        options
    }
}

/// Returns the aliases in each `#[rpc(..)]` on a parameter.
pub(crate) fn parameter_aliases(attributes: &[Attribute], errors: &mut Errors) -> Vec<LitStr> {
    let mut aliases = Vec::new();
    each_helper(attributes, "alias = \"..\"", errors, |option, input| match option.to_string().as_str() {
        "alias" => {
            aliases.push(text(option, input, "old_name")?);
            Ok(())
        }
        "name" => Err(Error::new(
            option.span(),
            "a value travels under the name of its parameter: rename that, and keep the old name by `#[rpc(alias = \"..\")]`",
        )),
        "idempotent" => Err(Error::new(
            option.span(),
            "`idempotent` belongs on the method: write `#[rpc(idempotent)]` before its `fn`",
        )),
        other => Err(unknown_helper(option, other, "a parameter has the option `alias`")),
    });
    aliases
}

/// Passes each option of each `#[rpc(..)]` to `read`.
fn each_helper(
    attributes: &[Attribute],
    example: &str,
    errors: &mut Errors,
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    for attribute in attributes {
        if hides_helper(attribute) {
            errors.push(Error::new_spanned(
                attribute,
                "`#[rpc(..)]` cannot depend on a `cfg`: write the method twice, each with its own `#[cfg(..)]`",
            ));
        } else if is_helper(attribute) {
            let Meta::List(list) = &attribute.meta else {
                let advice = format!("the option is missing: write `#[rpc({example})]`");
                errors.push(Error::new_spanned(attribute, advice));
                continue;
            };
            let read = each_option(errors, &mut read).parse2(list.tokens.clone());
            errors.keep(read);
        }
    }
}

/// Returns the error for an option that does not belong into an `#[rpc(..)]`.
fn unknown_helper(option: &Ident, name: &str, known: &str) -> Error {
    let advice = match name {
        "prefix" | "rename_all" | "crate" => {
            format!("`{name}` belongs on the trait: write `#[rpc_service({name} = ..)]` there")
        }
        _ => format!("unknown option `{name}`: {known}"),
    };
    Error::new(option.span(), advice)
}

/// Refuses `#[rpc(..)]` in places other than a method.
pub(crate) fn no_helpers(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| is_helper(attribute)) {
        errors.push(Error::new_spanned(
            attribute,
            "`#[rpc(..)]` belongs on a method: options of the whole trait go in `#[rpc_service(..)]`",
        ));
    }
}

/// Returns a parser of comma-separated options, most of them `key = value`, that passes each to
/// `read` and continues after a mistake.
fn each_option(
    errors: &mut Errors,
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) -> impl FnOnce(ParseStream<'_>) -> syn::Result<()> {
    move |input| {
        while !input.is_empty() {
            let option = input.call(Ident::parse_any)?;
            if let Err(mistake) = read(&option, input) {
                errors.push(mistake);
                skip_to_comma(input)?;
            } else if !input.is_empty() && !input.peek(Token![,]) {
                return Err(input.error("expected `,` before the next option"));
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

fn once<T>(place: &mut Option<T>, option: &Ident, value: T) -> syn::Result<()> {
    if place.replace(value).is_some() {
        return Err(Error::new(option.span(), format!("`{option}` is given twice: keep one")));
    }
    Ok(())
}

/// Reads an option that has no value.
fn flag(option: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(option.clone());
    }
    Err(Error::new(option.span(), format!("`{option}` has no value: write `#[rpc({option})]`")))
}

fn text(option: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<LitStr> {
    let expected = format!("expected a string: write `{option} = \"{example}\"`");
    let text: LitStr = value(option, input, &expected, |input| input.parse())?;
    if text.value().is_empty() {
        return Err(Error::new(text.span(), "an empty string names nothing: leave the option out"));
    }
    Ok(text)
}

fn case(option: &Ident, input: ParseStream<'_>) -> syn::Result<Case> {
    let name = text(option, input, "PascalCase")?;
    let known = Case::ALL.iter().find(|(known, _)| *known == name.value());
    known.map(|(_, case)| *case).ok_or_else(|| {
        let all = Case::ALL.map(|(known, _)| format!("`{known}`")).join(", ");
        Error::new(name.span(), format!("unknown case: the cases are {all}"))
    })
}

fn path(option: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    let expected = "expected a path without quotes: write `crate = ::other_name` or `crate = some::module`";
    value(option, input, expected, Path::parse_mod_style)
}

/// Reads what follows `option =`. If nothing does, the error points at the option.
fn value<T>(
    option: &Ident,
    input: ParseStream<'_>,
    expected: &str,
    read: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(Error::new(option.span(), expected));
    }
    input.parse::<Token![=]>()?;
    let place = if input.is_empty() { option.span() } else { input.span() };
    read(input).map_err(|_| Error::new(place, expected))
}
