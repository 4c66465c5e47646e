//! The rules between the methods of a service, and between the parts of a method. What is wrong with one thing by itself
//! was refused in [`crate::lower`].

use std::collections::{HashMap, HashSet};

use quote::ToTokens;
use syn::{Error, TypeParamBound};

use crate::diagnostics::Errors;
use crate::model::{Method, Service, Sharing};
use crate::names;

pub(crate) fn service(service: &Service, errors: &mut Errors) {
    one_receiver(service, errors);
    distinct_wire_names(service, errors);
    for method in &service.methods {
        distinct_parameters(method, errors);
        supported_shape(method, errors);
        session_stream_borrows(method, errors);
    }
}

/// A client is used in one way: by many at a time, or by one.
fn one_receiver(service: &Service, errors: &mut Errors) {
    let advice = match service.sharing {
        Sharing::Shared => {
            "the methods above take `&self`: write `&self` here too, or `&mut self` everywhere for a session"
        }
        Sharing::Session => {
            "the methods above take `&mut self`: write `&mut self` here too, or `&self` everywhere to share clients"
        }
    };
    for method in &service.methods {
        if method.receiver.sharing != service.sharing {
            errors.push(Error::new_spanned(&method.receiver.written, advice));
        }
    }
}

/// A call names its method. Methods that exist under different conditions may be two forms of one.
fn distinct_wire_names(service: &Service, errors: &mut Errors) {
    let mut methods: HashMap<String, Vec<&Method>> = HashMap::new();
    for method in &service.methods {
        let same_name = methods.entry(method.wire_name.value()).or_default();
        if let Some(earlier) = same_name.iter().find(|earlier| !are_alternatives(earlier, method)) {
            errors.push(same_wire_name(method, earlier));
        }
        same_name.push(method);
    }
}

fn are_alternatives(one: &Method, other: &Method) -> bool {
    let spelled =
        |method: &Method| method.conditions.iter().map(|one| one.to_token_stream().to_string()).collect::<Vec<_>>();
    !one.conditions.is_empty() && !other.conditions.is_empty() && spelled(one) != spelled(other)
}

fn same_wire_name(method: &Method, earlier: &Method) -> Error {
    let (name, ident, earlier) = (&method.wire_name, &method.signature.ident, &earlier.signature.ident);
    if ident == earlier {
        return Error::new(ident.span(), format!("`{ident}` is there already: remove one, or give it another name"));
    }
    Error::new(
        name.span(),
        format!(
            "`{}` already names the method `{earlier}` on the wire: give one of them another name, `#[rpc(name = \"..\")]`",
            name.value(),
        ),
    )
}

/// Several values travel as an object whose keys are the names.
fn distinct_parameters(method: &Method, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for name in method.parameter_names() {
        if !seen.insert(names::plain(name)) {
            let advice = format!("another parameter is called `{name}`: give one of them another name");
            errors.push(Error::new(name.span(), advice));
        }
    }
}

/// This shape is understood and waits for its expansion.
fn supported_shape(method: &Method, errors: &mut Errors) {
    if let (Some(stream), Some(_)) = (&method.stream, &method.returned.reply.stream) {
        errors.push(Error::new_spanned(
            &stream.written,
            "not supported yet: a stream in both directions; take the one by one method and return the other by a second",
        ));
    }
}

/// Behind `&mut self` a stream keeps the session to itself until it is dropped.
fn session_stream_borrows(method: &Method, errors: &mut Errors) {
    let Some(stream) = &method.returned.reply.stream else { return };
    for bound in &stream.bounds {
        if let (Sharing::Session, TypeParamBound::Lifetime(lifetime)) = (method.receiver.sharing, bound)
            && lifetime.ident == "static"
        {
            errors.push(Error::new(
                lifetime.span(),
                "a stream of a session borrows it: remove `'static`, or write `&self` in all methods",
            ));
        }
    }
}
