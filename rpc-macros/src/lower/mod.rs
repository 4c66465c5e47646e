//! Lowers a trait to the model, one method at a time. The rules here are local: each looks at one
//! part and points at it. A part that breaks a rule is reported to [`Errors`] and replaced by a
//! harmless one, so that the next is still checked. The result is expanded only if nothing was
//! reported.

mod bounds;
mod docs;
mod form;
mod meant;
mod normal;
mod opaque;
mod outcome;
mod owner;
mod parameter;
mod receiver;
mod reply;
mod stream;
mod types;

use syn::{FnArg, ItemTrait, TraitItem, TraitItemFn};

use crate::args::{MethodOptions, ServiceOptions};
use crate::attributes::{conditions, tolerated};
use crate::diagnostics::Errors;
use crate::model::{Method, Service, Sharing};
use crate::names;

pub(crate) fn service(definition: &ItemTrait, options: &ServiceOptions, errors: &mut Errors) -> Service {
    form::definition(definition, errors);
    let mut functions = Vec::new();
    for item in &definition.items {
        match item {
            TraitItem::Fn(function) => functions.push(function),
            other => errors.push(form::not_a_method(other)),
        }
    }
    let sharing = functions.iter().find_map(|function| receiver::sharing(&function.sig)).unwrap_or(Sharing::Shared);
    Service {
        ident: definition.ident.clone(),
        docs: docs::of(&definition.attrs),
        visibility: names::visibility(&definition.vis),
        supertraits: definition.supertraits.clone(),
        tolerated: tolerated(&definition.attrs),
        sharing,
        methods: functions.into_iter().map(|function| method(function, sharing, options, errors)).collect(),
    }
}

/// Lowers one method of a service whose other methods share the handler as `sharing` says.
fn method(function: &TraitItemFn, sharing: Sharing, options: &ServiceOptions, errors: &mut Errors) -> Method {
    form::function(function, errors);
    let MethodOptions { name, aliases, idempotent } = MethodOptions::read(&function.attrs, errors);
    let receiver = errors.keep(receiver::read(&function.sig)).unwrap_or_else(|| receiver::assumed(sharing));
    let (values, stream) = parameter::read_all(&function.sig, errors);
    let returned = reply::read(&function.sig, errors);
    let mut signature = function.sig.clone();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.clear(),
            FnArg::Typed(parameter) => parameter.attrs.clear(),
        }
    }
    Method {
        wire_name: options.wire_name(&function.sig.ident, name),
        aliases,
        docs: docs::of(&function.attrs),
        idempotent,
        conditions: conditions(&function.attrs),
        tolerated: tolerated(&function.attrs),
        signature,
        receiver,
        values,
        stream,
        returned,
    }
}
