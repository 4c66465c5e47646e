//! The parameters: serde values by value or by reference, followed by at most one stream.

use proc_macro2::Ident;
use quote::quote;
use syn::{Error, FnArg, LitStr, Pat, PatType, Signature, Type};

use super::normal::peeled;
use super::opaque::Role;
use super::{meant, owner, stream, types};
use crate::args::parameter_aliases;
use crate::attributes::conditions;
use crate::diagnostics::{Errors, readable};
use crate::model::{Sent, Value};

enum Parameter {
    Value(Box<Value>),
    Stream(Sent),
}

/// Returns every parameter that could be read.
pub(crate) fn read_all(signature: &Signature, errors: &mut Errors) -> (Vec<Value>, Option<Sent>) {
    let mut values: Vec<Value> = Vec::new();
    let mut stream: Option<Sent> = None;
    let mut streamed: Option<&PatType> = None;
    for input in &signature.inputs {
        let FnArg::Typed(written) = input else { continue };
        refuse_conditions(written, errors);
        let aliases = parameter_aliases(&written.attrs, errors);
        match errors.keep(read(written, aliases)) {
            Some(Parameter::Value(value)) => {
                if let Some(early) = streamed.take() {
                    errors.push(not_last(early, &value.name));
                    stream = None;
                }
                values.push(*value);
            }
            Some(Parameter::Stream(second)) if stream.is_some() => errors.push(second_stream(&second)),
            Some(Parameter::Stream(first)) => {
                stream = Some(first);
                streamed = Some(written);
            }
            None => {}
        }
    }
    (values, stream)
}

fn read(written: &PatType, aliases: Vec<LitStr>) -> syn::Result<Parameter> {
    let name = name(&written.pat)?;
    let ty = peeled(&written.ty);
    if let Type::ImplTrait(written) = ty {
        let stream = stream::read(written, Role::Parameter)?;
        if let Some(alias) = aliases.first() {
            return Err(Error::new(
                alias.span(),
                "a stream has no name on the wire: remove the alias, and rename the parameter as you like",
            ));
        }
        return Ok(Parameter::Stream(Sent { name, stream }));
    }
    let value = |sent, borrowed| Parameter::Value(Box::new(Value { name, aliases, sent, borrowed }));
    let Type::Reference(reference) = ty else {
        return Ok(value(types::sendable(ty, Role::Parameter)?, false));
    };
    if let Some(mistake) = stream::behind_reference(&reference.elem, Role::Parameter) {
        return Err(mistake);
    }
    if let Some(word) = &reference.mutability {
        let (ampersand, owned) = (&reference.and_token, readable(owner::of(&reference.elem)));
        return Err(Error::new_spanned(
            quote!(#ampersand #word),
            format!("changes made by the server would not travel back: take `{owned}` and return the changed value"),
        ));
    }
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        return Err(Error::new_spanned(
            lifetime,
            "what a server receives lives only as long as the call: remove `'static`",
        ));
    }
    Ok(value(types::sendable(&reference.elem, Role::Parameter)?, true))
}

/// Returns the plain name, which is the key of the value on the wire.
fn name(pattern: &Pat) -> syn::Result<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.mutability.is_none() && name.subpat.is_none() => {
            Ok(name.ident.clone())
        }
        Pat::Ident(name) => Err(Error::new_spanned(
            name,
            format!(
                "a parameter of a service is a plain name: write `{}`, and `mut` or `ref` in the handler",
                name.ident
            ),
        )),
        Pat::Wild(wild) => {
            Err(Error::new_spanned(wild, "values travel under the name of their parameter: write a name"))
        }
        other => Err(Error::new_spanned(
            other,
            "values travel under the name of their parameter: write one name, and take the value apart in the handler",
        )),
    }
}

fn refuse_conditions(written: &PatType, errors: &mut Errors) {
    for condition in conditions(&written.attrs) {
        errors.push(Error::new_spanned(
            condition,
            "both sides must agree on the parameters: write the method twice, each with its own `#[cfg(..)]`",
        ));
    }
}

fn second_stream(second: &Sent) -> Error {
    let (name, written) = (&second.name, &second.stream.written);
    let value = meant::value(&written.bounds);
    Error::new_spanned(
        written,
        format!("a request carries one stream: send `{name}` in a separate call, or as a value such as `{value}`"),
    )
}

fn not_last(early: &PatType, value: &Ident) -> Error {
    Error::new_spanned(
        &early.ty,
        format!("the stream is the last thing on the wire: move this parameter after `{value}` and all other values"),
    )
}
