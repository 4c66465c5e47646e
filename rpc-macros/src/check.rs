//! The rules between the methods of a service, and between the parts of a method. [`crate::lower`]
//! has already refused what is wrong with one part alone.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::{Error, Lifetime, LitStr, ReceiverKind, TypeImplTrait, TypeParamBound};

use crate::diagnostics::{Errors, readable};
use crate::model::{Method, Service, Sharing};
use crate::{names, wire_name};

pub(crate) fn service(service: &Service, errors: &mut Errors) {
    one_receiver(service, errors);
    distinct_wire_names(service, errors);
    distinct_aliases(service, errors);
    for method in &service.methods {
        wire_name_fits(method, errors);
        distinct_parameters(method, errors);
        distinct_parameter_aliases(method, errors);
        session_stream_borrows(method, errors);
        session_repeats_nothing(method, errors);
        returned_promises_what_sent_does(method, errors);
        sent_and_receiver_live_together(method, errors);
    }
}

/// All methods take the same receiver, because a client is either shared or exclusive.
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

/// Calls of a session are never repeated, because its connection is never replaced.
fn session_repeats_nothing(method: &Method, errors: &mut Errors) {
    if let (Some(option), Sharing::Session) = (&method.idempotent, method.receiver.sharing) {
        errors.push(Error::new(
            option.span(),
            "a session keeps its connection, so no call of it is repeated: remove `idempotent`, or write `&self`",
        ));
    }
}

/// Names on the wire differ, because a call is identified by its method's name. Methods under
/// different conditions may share one: they may be two forms of the same method.
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
        return Error::new(ident.span(), format!("there already is a method `{ident}`: remove one, or rename it"));
    }
    Error::new(
        name.span(),
        format!(
            "`{}` already names the method `{earlier}` on the wire: give one of them another name, `#[rpc(name = \"..\")]`",
            name.value(),
        ),
    )
}

/// An alias is a name on the wire as well. Each mistake is one of the alias, wherever it stands.
fn distinct_aliases(service: &Service, errors: &mut Errors) {
    let mut names: Vec<(String, &Method)> =
        service.methods.iter().map(|method| (method.wire_name.value(), method)).collect();
    for method in &service.methods {
        for alias in &method.aliases {
            let name = alias.value();
            let same_name = names.iter().find(|(other, of)| *other == name && !are_alternatives(of, method));
            if let Some((_, of)) = same_name {
                let other = (!std::ptr::eq(*of, method)).then_some(&of.signature.ident);
                errors.push(same_alias(alias, "method", other, method.wire_name.value() == name));
            }
            names.push((name, method));
        }
    }
}

/// Returns the error for an alias that is a name on the wire already: that of the `other` method or
/// parameter, its own one's name, or an earlier alias.
fn same_alias(alias: &LitStr, of: &str, other: Option<&Ident>, is_name: bool) -> Error {
    let name = alias.value();
    let advice = match other {
        Some(other) => format!("`{name}` already names the {of} `{other}` on the wire: choose another alias"),
        None if is_name => format!("the {of} is named `{name}` on the wire anyway: remove the alias"),
        None => format!("the alias `{name}` is given twice: keep one"),
    };
    Error::new(alias.span(), advice)
}

/// The names fit into the header of each request that calls the method.
fn wire_name_fits(method: &Method, errors: &mut Errors) {
    let advice = "give it a shorter one, `#[rpc(name = \"..\")]`";
    name_fits(&method.wire_name, "the method's name on the wire", advice, errors);
    for alias in &method.aliases {
        name_fits(alias, "the alias", "remove it, because no caller can have used it", errors);
    }
}

fn name_fits(name: &LitStr, what: &str, advice: &str, errors: &mut Errors) {
    let (found, most) = (wire_name::len(&name.value()), wire_name::MOST);
    if found > most {
        let problem =
            format!("{what} takes {found} bytes in the header of a request, which has room for {most}: {advice}");
        errors.push(Error::new(name.span(), problem));
    }
}

/// Parameter names differ, because several values travel as an object with the names as keys.
fn distinct_parameters(method: &Method, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for name in method.parameter_names() {
        if !seen.insert(names::plain(name)) {
            let advice = format!("there already is a parameter `{name}`: rename one of them");
            errors.push(Error::new(name.span(), advice));
        }
    }
}

/// Aliases differ from all parameter names and each other, because any of them may be a key.
fn distinct_parameter_aliases(method: &Method, errors: &mut Errors) {
    let mut names: Vec<(String, &Ident)> =
        method.values.iter().map(|value| (names::plain(&value.name), &value.name)).collect();
    for value in &method.values {
        for alias in &value.aliases {
            let name = alias.value();
            if let Some((_, of)) = names.iter().find(|(other, _)| *other == name) {
                let other = (**of != value.name).then_some(*of);
                errors.push(same_alias(alias, "parameter", other, names::plain(of) == name));
            }
            names.push((name, &value.name));
        }
    }
}

/// A stream returned from `&mut self` borrows the session until it is dropped.
fn session_stream_borrows(method: &Method, errors: &mut Errors) {
    let Some(stream) = &method.returned.reply.stream else { return };
    for bound in &stream.written.bounds {
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

/// Where streams go both ways, the client's returned stream owns the one that is sent, so its
/// bounds cannot promise more.
fn returned_promises_what_sent_does(method: &Method, errors: &mut Errors) {
    let (Some(sent), Some(returned)) = (&method.stream, &method.returned.reply.stream) else { return };
    let sent_stream = &sent.stream.written;
    let sent_is = |promise: &Ident| sent_stream.bounds.iter().filter_map(auto_trait).any(|own| own == promise);
    for bound in &returned.written.bounds {
        let held = match bound {
            // `session_stream_borrows` refuses that of a session
            TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static" => {
                method.receiver.sharing == Sharing::Session || lifetimes(sent_stream).any(|own| own == lifetime)
            }
            TypeParamBound::Lifetime(_) => lifetimes(sent_stream).next().is_some(),
            _ => auto_trait(bound).is_none_or(sent_is),
        };
        if !held {
            let (name, promise) = (&sent.name, bound.to_token_stream());
            let both = readable(quote!(#sent_stream + #promise));
            let advice = format!("the returned stream owns the one that is sent: write `{name}: {both}`, too");
            errors.push(Error::new_spanned(bound, advice));
        }
    }
}

/// The returned stream also borrows from the receiver, so a lifetime of the sent stream must be
/// related to the receiver's.
fn sent_and_receiver_live_together(method: &Method, errors: &mut Errors) {
    let (Some(sent), Some(returned)) = (&method.stream, &method.returned.reply.stream) else { return };
    let ReceiverKind::Reference(_, None, mutability) = &method.receiver.written.kind else { return };
    let bounded = method.receiver.sharing == Sharing::Shared && lifetimes(&returned.written).next().is_some();
    let named = lifetimes(&sent.stream.written).find(|lifetime| lifetime.ident != "static");
    if let Some(lifetime) = named.filter(|_| !bounded) {
        let receiver = readable(quote!(&#lifetime #mutability self));
        let advice =
            format!("the returned stream owns the one that is sent, and may borrow from here: write `{receiver}`");
        errors.push(Error::new_spanned(&method.receiver.written, advice));
    }
}

fn lifetimes(stream: &TypeImplTrait) -> impl Iterator<Item = &Lifetime> {
    stream.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Lifetime(lifetime) => Some(lifetime),
        _ => None,
    })
}

/// Returns the name of the bound if it is an auto trait.
fn auto_trait(bound: &TypeParamBound) -> Option<&Ident> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    bound.path.segments.last().map(|last| &last.ident).filter(|name| *name == "Send" || *name == "Unpin")
}
