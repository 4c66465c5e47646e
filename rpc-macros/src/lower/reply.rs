//! The return type: a `Result` whose first type argument is what the caller gets.

use quote::ToTokens;
use syn::{Error, ReturnType, Signature, Type, TypePath, TypeTuple, parse_quote};

use super::owner;
use super::types::{self, Role};
use crate::diagnostics::{Errors, readable};
use crate::model::{Reply, Returned, type_arguments};

/// Returns the return type, or a harmless one if it was refused.
pub(crate) fn read(signature: &Signature, errors: &mut Errors) -> Returned {
    let written = errors.keep(outcome(signature)).unwrap_or_else(|| parse_quote!(Result<()>));
    let mut arguments = type_arguments(&written);
    let reply = arguments.next().and_then(|value| errors.keep(reply(value))).unwrap_or_default();
    for error in arguments {
        errors.keep(types::sendable(error, Role::Error));
    }
    Returned { outcome: types::without_value(&written), reply, written }
}

/// Returns the path to a `Result` with at least one type argument.
fn outcome(signature: &Signature) -> syn::Result<TypePath> {
    let ReturnType::Type(_, written) = &signature.output else {
        return Err(Error::new(signature.ident.span(), "any call can fail: write `-> Result<()>`"));
    };
    let Type::Path(path) = types::peeled(written) else {
        return Err(no_result(written));
    };
    let last = path.path.segments.last().filter(|last| last.ident.to_string().ends_with("Result"));
    if last.is_none() {
        return Err(no_result(written));
    }
    if type_arguments(path).next().is_none() {
        return Err(Error::new_spanned(
            written,
            "the type of the result must appear here: write `Result<T>` with that type for `T`, or `Result<()>`",
        ));
    }
    Ok(path.clone())
}

fn no_result(written: &Type) -> Error {
    let value = readable(owner::without_references(written));
    Error::new_spanned(written, format!("any call can fail: write `Result<{value}>`, or a name that ends in `Result`"))
}

/// Reads the value of the `Result`: `()`, `T`, `impl Read` or `(T, impl Read)`.
fn reply(value: &Type) -> syn::Result<Reply> {
    let value = types::peeled(value);
    if let Type::ImplTrait(stream) = value {
        types::stream(stream, Role::Value)?;
        return Ok(Reply { value: None, stream: Some(stream.clone()) });
    }
    if let Type::Tuple(tuple) = value {
        if tuple.elems.is_empty() {
            return Ok(Reply::default());
        }
        if tuple.elems.iter().any(is_reader) {
            return value_and_stream(tuple);
        }
    }
    Ok(Reply { value: Some(types::sendable(value, Role::Value)?), stream: None })
}

/// Reads a tuple that contains a stream: one value, then the stream.
fn value_and_stream(tuple: &TypeTuple) -> syn::Result<Reply> {
    let elements: Vec<&Type> = tuple.elems.iter().map(types::peeled).collect();
    let streams = || elements.iter().copied().filter(|element| is_reader(element));
    if let Some(second) = streams().nth(1) {
        return Err(Error::new_spanned(second, "a reply carries one stream: return the other from a separate method"));
    }
    if let [value, Type::ImplTrait(stream)] = elements.as_slice() {
        types::stream(stream, Role::Value)?;
        return Ok(Reply { value: Some(types::sendable(value, Role::Value)?), stream: Some(stream.clone()) });
    }
    let stream = readable(streams().map(ToTokens::to_token_stream).collect());
    let values = elements.iter().filter(|element| !is_reader(element));
    let values: Vec<String> = values.map(|value| readable(owner::without_references(value))).collect();
    let advice = match values.as_slice() {
        [] => format!("a stream alone needs no tuple: write `{stream}`"),
        [value] => format!("the stream is the last thing on the wire: write `({value}, {stream})`"),
        values => format!(
            "one value goes before the stream: write `(({}), {stream})`, or a struct of them",
            values.join(", ")
        ),
    };
    Err(Error::new_spanned(tuple, advice))
}

fn is_reader(ty: &Type) -> bool {
    matches!(types::peeled(ty), Type::ImplTrait(written) if types::bounds_of_reader(&written.bounds))
}
