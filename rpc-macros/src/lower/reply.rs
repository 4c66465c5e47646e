//! The return type: a `Result` whose first type argument is what the caller gets.

use syn::{Error, ReturnType, Signature, Type, TypeImplTrait, TypeTuple, parse_quote};

use super::normal::peeled;
use super::opaque::Role;
use super::{bounds, meant, outcome, owner, stream, types};
use crate::diagnostics::{Errors, readable};
use crate::model::{Outcome, Reply, Returned, type_arguments};

/// Returns the return type, or a harmless one if it was refused.
pub(crate) fn read(signature: &Signature, errors: &mut Errors) -> Returned {
    let outcome = errors.keep(outcome(signature)).unwrap_or_else(|| outcome::of(&parse_quote!(Result<()>)));
    let mut arguments = type_arguments(&outcome.written);
    let reply = arguments.next().and_then(|value| errors.keep(reply(value))).unwrap_or_default();
    for error in arguments {
        errors.keep(types::sendable(error, Role::Error));
    }
    Returned { outcome, reply }
}

fn outcome(signature: &Signature) -> syn::Result<Outcome> {
    let ReturnType::Type(_, written) = &signature.output else {
        return Err(Error::new(signature.ident.span(), "any call can fail: write `-> Result<()>`"));
    };
    outcome::read(written)?.ok_or_else(|| no_result(written))
}

fn no_result(written: &Type) -> Error {
    let value = match as_stream(written) {
        Some(stream) => meant::stream(&stream.bounds),
        None => readable(owner::without_references(written)),
    };
    Error::new_spanned(written, format!("any call can fail: write `Result<{value}>`, or a name that ends in `Result`"))
}

/// Reads the value of the `Result`: `()`, `T`, a stream or a tuple of `T` and a stream.
fn reply(value: &Type) -> syn::Result<Reply> {
    let value = peeled(value);
    if let Type::ImplTrait(stream) = value {
        return Ok(Reply { value: None, stream: Some(stream::read(stream, Role::Value)?) });
    }
    if let Type::Tuple(tuple) = value {
        if tuple.elems.is_empty() {
            return Ok(Reply::default());
        }
        if tuple.elems.iter().any(|element| as_stream(element).is_some()) {
            return value_and_stream(tuple);
        }
    }
    Ok(Reply { value: Some(types::sendable(value, Role::Value)?), stream: None })
}

/// Reads a tuple that contains a stream: one value, then the stream.
fn value_and_stream(tuple: &TypeTuple) -> syn::Result<Reply> {
    let elements: Vec<&Type> = tuple.elems.iter().map(peeled).collect();
    let mut streams = elements.iter().filter_map(|element| as_stream(element));
    let first = streams.next();
    if let Some(second) = streams.next() {
        return Err(Error::new_spanned(second, "a reply carries one stream: return the other from a separate method"));
    }
    if let [value, Type::ImplTrait(stream)] = elements.as_slice() {
        let stream = stream::read(stream, Role::Value)?;
        return Ok(Reply { value: Some(types::sendable(value, Role::Value)?), stream: Some(stream) });
    }
    let stream = first.map(|first| meant::stream(&first.bounds)).unwrap_or_default();
    let values = elements.iter().filter(|element| as_stream(element).is_none());
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

/// Returns the `impl Trait` that this type is, if that is a stream.
fn as_stream(ty: &Type) -> Option<&TypeImplTrait> {
    match peeled(ty) {
        Type::ImplTrait(written) => bounds::are_of_stream(&written.bounds).then_some(written),
        _ => None,
    }
}
