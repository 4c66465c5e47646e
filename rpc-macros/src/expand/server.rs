//! The server: a struct that holds a handler and calls the method that a call names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::{codec, docs, generate, schemas};
use crate::model::{Carried, Method, Sent, Service, Sharing, Stream};
use crate::names;
use crate::runtime::Runtime;

/// ```text
/// pub trait Vault { .. }                                      // in
/// pub struct VaultServer<S> { service: Arc<S> }               // out
/// impl<S> VaultServer<S> { pub fn new(service: S) -> Self { .. } }
/// impl<S: Vault> Dispatch for VaultServer<S> { .. }
/// ```
pub(crate) fn items(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let (visibility, server) = (&service.visibility, names::server(&service.ident));
    let (structure, field) = match service.sharing {
        Sharing::Shared => (shared(service, runtime), generate!(service: #runtime::Arc::new(service))),
        Sharing::Session => (session(service, runtime), generate!(service)),
    };
    let (name, dispatch) = (server.to_string(), dispatch(service, runtime));
    generate! {
        #structure

        impl<S> #server<S> {
            /// Returns a server with this handler.
            #[must_use]
            #visibility fn new(service: S) -> Self {
                Self { #field }
            }
        }

        #[automatically_derived]
        impl<S> #runtime::fmt::Debug for #server<S> {
            fn fmt(&self, __rpc_formatter: &mut #runtime::fmt::Formatter<'_>) -> #runtime::fmt::Result {
                __rpc_formatter.write_str(#name)
            }
        }

        #dispatch
    }
}

/// Returns the server of a trait with `&self`: its clones share the handler.
fn shared(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let (visibility, server) = (&service.visibility, names::server(&service.ident));
    let docs = format!(" Serves a [`{}`]: all connections and all clones share the handler.", service.ident);
    generate! {
        #[doc = #docs]
        #visibility struct #server<S> {
            service: #runtime::Arc<S>,
        }

        #[automatically_derived]
        impl<S> #runtime::Clone for #server<S> {
            fn clone(&self) -> Self {
                Self { service: #runtime::Clone::clone(&self.service) }
            }
        }
    }
}

/// Returns the server of a trait with `&mut self`: a clone of the server clones the handler.
fn session(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let (visibility, server) = (&service.visibility, names::server(&service.ident));
    let docs =
        format!(" Serves a [`{}`]: each connection is a session and gets its own clone of the handler.", service.ident);
    generate! {
        #[doc = #docs]
        #[derive(#runtime::Clone)]
        #visibility struct #server<S> {
            service: S,
        }
    }
}

/// ```text
/// impl<S: Vault> Service for VaultServer<S> { const CONTRACT: Option<&'static Contract> = Some(&Contract::new("Vault")..) }
/// impl<S: Vault> Dispatch for VaultServer<S> {
///     fn contracts(&self) -> Contracts { contracts::<Self>() }
///     fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
///         match call.endpoint() { "list" => .., _ => call.unknown_endpoint() }
///     }
/// }
/// ```
fn dispatch(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let (ident, server, implementor) = (&service.ident, names::server(&service.ident), names::implementor());
    let contract = contract(service, runtime);
    let tolerated = &service.tolerated;
    // the contract names the types of all methods
    let in_contract = service.methods.iter().flat_map(|method| &method.tolerated);
    let arms = service.methods.iter().map(|method| arm(method, service, runtime));
    generate! {
        #[automatically_derived]
        #(#tolerated)*
        #(#in_contract)*
        impl<#implementor> #runtime::Service for #server<#implementor>
        where
            #implementor: #ident,
        {
            const CONTRACT: #runtime::Option<&'static #runtime::Contract> = #runtime::Option::Some(&#contract);
        }

        #[automatically_derived]
        #(#tolerated)*
        impl<#implementor> #runtime::Dispatch for #server<#implementor>
        where
            #implementor: #ident,
        {
            fn contracts(&self) -> #runtime::Contracts {
                #runtime::contracts::<Self>()
            }

            fn dispatch<'__rpc>(&mut self, __rpc_call: #runtime::Call<'__rpc>) -> #runtime::Served<'__rpc> {
                match __rpc_call.endpoint() {
                    #(#arms)*
                    _ => __rpc_call.unknown_endpoint(),
                }
            }
        }
    }
}

/// ```text
/// fn list(&self, prefix: &str) -> Result<Vec<Entry>>;                                                  // in
/// "list" => call.takes(NamedParameters::new(&["prefix"], (parameter::<str, _>(), ())))                 // out
///     .replies(json(result::<Vec<Entry>, _>(), error::<..>()),
///         |(prefix, ()), reply| reply.send(<S as Vault>::list(&*self.service, &prefix))),
/// ```
///
/// The closure sends the reply, because what a handler returns may borrow from what it received.
fn arm(method: &Method, service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let Method { conditions, tolerated, wire_name, aliases, .. } = method;
    let (arguments, received) = arguments(method, runtime);
    let (reply, handled) = (codec::reply(&method.returned, runtime), handled(method, service));
    let served = generate! {
        __rpc_call.takes(#arguments).replies(#reply, |#received, __rpc_reply| __rpc_reply.send(#handled))
    };
    generate!(#(#conditions)* #(#tolerated)* #wire_name #(| #aliases)* => #served,)
}

/// Returns what a method takes, and the pattern of the closure's parameter.
fn arguments(method: &Method, runtime: Runtime<'_>) -> (TokenStream, TokenStream) {
    if let ([], Some(sent)) = (method.values.as_slice(), &method.stream) {
        return (alone(sent, runtime), names::received(&sent.name).into_token_stream());
    }
    let keys = method.values.iter().map(|value| names::plain(&value.name));
    let codecs = nested(method.values.iter().map(|value| codec::parameter(value, runtime)));
    let aliases = method.values.iter().flat_map(|value| {
        let key = names::plain(&value.name);
        value.aliases.iter().map(move |alias| generate!((#alias, #key)))
    });
    let aliases = list_if_any("aliases", aliases);
    let values = generate!(#runtime::NamedParameters::new(&[#(#keys),*], #codecs)#aliases);
    let received = nested(method.values.iter().map(|value| names::received(&value.name).into_token_stream()));
    let Some(sent) = &method.stream else { return (values, received) };
    let content = names::received(&sent.name);
    (after(&values, sent, runtime), generate!((#received, #content)))
}

/// Returns how a stream without values before it is taken.
fn alone(sent: &Sent, runtime: Runtime<'_>) -> TokenStream {
    match &sent.stream.carries {
        Carried::Octets => generate!(#runtime::Octets),
        Carried::Values(items) => {
            let items = codec::items(items, runtime);
            generate!(#runtime::Values(#items))
        }
    }
}

/// Returns how a stream after `values` is taken.
fn after(values: &TokenStream, sent: &Sent, runtime: Runtime<'_>) -> TokenStream {
    match &sent.stream.carries {
        Carried::Octets => generate!(#runtime::AndOctets(#values)),
        Carried::Values(items) => {
            let items = codec::items(items, runtime);
            generate!(#runtime::AndValues(#values, #items))
        }
    }
}

/// Returns the call of the handler with what was received.
fn handled(method: &Method, service: &Service) -> TokenStream {
    let (implementor, ident, called) = (names::implementor(), &service.ident, names::called(&method.signature.ident));
    let handler = match method.receiver.sharing {
        Sharing::Shared => generate!(&*self.service),
        Sharing::Session => generate!(&mut self.service),
    };
    let values = method.values.iter().map(|value| {
        let received = names::received(&value.name);
        if value.borrowed { generate!(&#received) } else { quote!(#received) }
    });
    let stream = method.stream.iter().map(|sent| names::received(&sent.name).into_token_stream());
    let arguments = values.chain(stream);
    generate!(<#implementor as #ident>::#called(#handler, #(#arguments),*))
}

/// Returns `(a, (b, (c, ())))`: a list of any length, in which each member has its own type.
fn nested(members: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    members.rev().fold(generate!(()), |rest, member| generate!((#member, #rest)))
}

/// Returns `.method(&[a, b])`, or nothing for an empty list.
fn list_if_any(method: &str, members: impl Iterator<Item = TokenStream>) -> Option<TokenStream> {
    let (method, members) = (Ident::new(method, Span::mixed_site()), members.collect::<Vec<_>>());
    (!members.is_empty()).then(|| generate!(.#method(&[#(#members),*])))
}

/// ```text
/// Contract::new("Vault").methods(&[method_of!(Method::new("list").., parameters: [str], ..)])
/// ```
fn contract(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let name = names::plain(&service.ident);
    let session = (service.sharing == Sharing::Session).then(|| generate!(.session()));
    let methods = service.methods.iter().map(|method| {
        let (conditions, wire_name) = (&method.conditions, &method.wire_name);
        let request = data_type(!method.values.is_empty(), method.stream.is_some(), runtime);
        let reply = data_type(method.returned.reply.value.is_some(), method.returned.reply.stream.is_some(), runtime);
        let takes = carries_values(method.stream.as_ref().map(|sent| &sent.stream)).then(|| generate!(.takes_values()));
        let returns = carries_values(method.returned.reply.stream.as_ref()).then(|| generate!(.returns_values()));
        let parameters = method.parameter_names().map(names::plain);
        let aliases = list_if_any("aliases", method.aliases.iter().map(ToTokens::to_token_stream));
        let idempotent = method.idempotent.as_ref().map(|_| generate!(.idempotent()));
        let (docs, parameter_aliases) = (docs::call(&method.docs, runtime), parameter_aliases(method));
        let schemas = schemas::places(method, runtime);
        generate! {
            #(#conditions)*
            #runtime::method_of!(
                #runtime::Method::new(#wire_name)#aliases #docs #idempotent.request(#request).reply(#reply) #takes #returns
                    .parameters(&[#(#parameters),*])#parameter_aliases,
                #schemas
            )
        }
    });
    let docs = docs::call(&service.docs, runtime);
    generate!(#runtime::Contract::new(#name)#docs #session.methods(&[#(#methods),*]))
}

/// Returns `.parameter_aliases(&[&["old"], &[]])`, or nothing if no parameter has any.
fn parameter_aliases(method: &Method) -> Option<TokenStream> {
    let aliases = method.values.iter().map(|value| {
        let aliases = &value.aliases;
        generate!(&[#(#aliases),*])
    });
    let has_any = method.values.iter().any(|value| !value.aliases.is_empty());
    has_any.then(|| generate!(.parameter_aliases(&[#(#aliases),*])))
}

fn carries_values(stream: Option<&Stream>) -> bool {
    stream.is_some_and(|stream| matches!(stream.carries, Carried::Values(_)))
}

fn data_type(value: bool, stream: bool, runtime: Runtime<'_>) -> TokenStream {
    match (value, stream) {
        (_, false) => generate!(#runtime::DataType::MarshaledJson),
        (false, true) => generate!(#runtime::DataType::Octets),
        (true, true) => generate!(#runtime::DataType::MarshaledJsonThenOctets),
    }
}
