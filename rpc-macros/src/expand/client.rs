//! The client: a struct that holds a `Client` or a `Session` and implements the trait by calls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{codec, generate, reader};
use crate::model::{Carried, Method, Sent, Service, Sharing, Value};
use crate::names;
use crate::runtime::Runtime;

/// What differs between the client of a shared handler and the client of a session.
struct Kind {
    /// The field's name.
    field: Ident,
    /// The field's type, which makes the calls.
    holds: TokenStream,
    /// The lifetime of a returned stream.
    lifetime: TokenStream,
    docs: TokenStream,
}

impl Kind {
    fn of(service: &Service, runtime: Runtime<'_>) -> Self {
        let ident = &service.ident;
        match service.sharing {
            Sharing::Shared => {
                let sentence = format!(
                    " Client of [`{ident}`]: each method makes a call to a server.\n\n It may be shared between \
                     threads; a clone shares its connections. See `Client` for everything else about calls.",
                );
                Self {
                    field: Ident::new("client", Span::mixed_site()),
                    holds: generate!(#runtime::Client),
                    lifetime: generate!('static),
                    docs: generate!(#[doc = #sentence] #[derive(#runtime::Clone, #runtime::fmt::Debug)]),
                }
            }
            Sharing::Session => {
                let sentence = format!(
                    " Client of [`{ident}`]: each method makes a call to the handler of this session.\n\n It has one \
                     connection, which makes one call at a time; a returned stream borrows the client until it is \
                     dropped. It may borrow its session, so that several clients use the same one after the other.",
                );
                Self {
                    field: Ident::new("session", Span::mixed_site()),
                    holds: generate!(#runtime::Session),
                    lifetime: generate!('_),
                    docs: generate!(#[doc = #sentence] #[derive(#runtime::fmt::Debug)]),
                }
            }
        }
    }
}

/// ```text
/// pub trait Vault { .. }                                      // in
/// pub struct VaultClient { client: Client }                   // out
/// impl VaultClient { pub fn connect(..) .. }
/// impl Vault for VaultClient { .. }
/// ```
///
/// The client of a session is `CounterClient<S = Session>`, which may hold a `&mut Session` too.
pub(crate) fn items(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let (kind, ident, visibility, client) =
        (Kind::of(service, runtime), &service.ident, &service.visibility, names::client(&service.ident));
    let Kind { field, holds, docs, .. } = &kind;
    let (functions, constructor) = (functions(service, &kind, runtime), constructor(service, &kind, runtime));
    let tolerated = &service.tolerated;
    // the client returns a named type where the trait has an `impl Trait`. Only where that is
    // needed, because a crate may forbid `allow`
    let names_streams = service.methods.iter().any(|method| method.returned.reply.stream.is_some());
    let refines = names_streams.then(|| generate!(#[allow(refining_impl_trait)]));
    let stubs = service.methods.iter().map(|method| stub(method, &kind, runtime));
    let implementor = names::implementor();
    let (structure, implementation) = match service.sharing {
        Sharing::Shared => (
            generate! {
                #visibility struct #client {
                    #field: #holds,
                }

                impl #client {
                    #functions
                    #constructor
                }
            },
            generate!(impl #ident for #client),
        ),
        Sharing::Session => (
            generate! {
                #visibility struct #client<S = #holds> {
                    #field: S,
                }

                impl #client {
                    #functions
                }

                impl<S: #runtime::BorrowMut<#holds>> #client<S> {
                    #constructor
                }
            },
            {
                let supertraits = super::supertraits(service);
                generate! {
                    impl<#implementor> #ident for #client<#implementor>
                    where
                        #implementor: #runtime::BorrowMut<#holds>,
                        #supertraits
                }
            },
        ),
    };
    generate! {
        #docs
        #structure

        #[automatically_derived]
        #refines
        #(#tolerated)*
        #implementation {
            #(#stubs)*
        }
    }
}

/// Returns the functions of the client. They have no receiver, so they cannot clash with methods of
/// the trait.
fn functions(service: &Service, kind: &Kind, runtime: Runtime<'_>) -> TokenStream {
    let (visibility, Kind { field, holds, .. }) = (&service.visibility, kind);
    generate! {
        /// Connects to the server at an address.
        ///
        /// # Errors
        ///
        /// If the address is invalid or cannot be reached.
        #visibility fn connect(address: impl #runtime::ToAddress) -> #runtime::Result<Self, #runtime::Error> {
            #runtime::Result::map(#holds::connect(address), Self::new)
        }

        /// Connects to the server at an address, with this config.
        ///
        /// # Errors
        ///
        /// If the address is invalid or cannot be reached.
        #visibility fn connect_with(
            address: impl #runtime::ToAddress,
            config: #runtime::ClientConfig,
        ) -> #runtime::Result<Self, #runtime::Error> {
            #runtime::Result::map(#holds::connect_with(address, config), Self::new)
        }

        /// Returns a client of the server at the other end of `transport`.
        ///
        /// # Errors
        ///
        /// If the transport cannot be set up.
        #visibility fn from_transport(transport: impl #runtime::Transport) -> #runtime::Result<Self, #runtime::Error> {
            #runtime::Result::map(#holds::from_transport(transport), Self::new)
        }

        /// Does the Close handshake on each idle connection. Dropping the client does not wait for
        /// the server, and does not report errors.
        ///
        /// # Errors
        ///
        /// The first failure of a handshake.
        #visibility fn close(client: Self) -> #runtime::Result<(), #runtime::Error> {
            #holds::close(client.#field)
        }
    }
}

/// Returns the function that makes a client of what it holds, and the one that sets the options of
/// its calls. A shared client may be in use elsewhere, so it returns another one.
fn constructor(service: &Service, kind: &Kind, runtime: Runtime<'_>) -> TokenStream {
    let (visibility, Kind { field, holds, .. }) = (&service.visibility, kind);
    let name = names::plain(&service.ident);
    match service.sharing {
        Sharing::Shared => generate! {
            /// Returns a client that makes its calls through `client`.
            #[must_use]
            #visibility fn new(#field: #holds) -> Self {
                Self { #field: #holds::of_service(#field, #name) }
            }

            /// Returns a client that shares the connections of `client`, and makes its calls with
            /// these options and those of `client` that they do not set.
            #[must_use]
            #visibility fn with_options(client: &Self, options: #runtime::CallOptions) -> Self {
                Self::new(#holds::with_options(&client.#field, options))
            }
        },
        Sharing::Session => generate! {
            /// Returns a client that makes its calls through `session`: a `Session`, or a `&mut
            /// Session` that others use after it.
            #[must_use]
            #visibility fn new(mut session: S) -> Self {
                #holds::set_service(#runtime::session(&mut session), #name);
                Self { session }
            }

            /// Sets options of later calls. Those that are set already and not in `options` stay.
            #visibility fn set_options(client: &mut Self, options: #runtime::CallOptions) {
                #holds::set_options(#runtime::session(&mut client.#field), options);
            }
        },
    }
}

/// ```text
/// fn list(&self, prefix: &str) -> Result<Vec<Entry>>;         // in
/// fn list(&self, prefix: &str) -> Result<Vec<Entry>> {        // out
///     json(result::<Vec<Entry>, _>(), error::<..>())
///         .of(Client::call(&self.client, "list").argument(parameter::<str, _>().with(prefix)))
/// }
/// ```
fn stub(method: &Method, kind: &Kind, runtime: Runtime<'_>) -> TokenStream {
    let Kind { field, holds, lifetime, .. } = kind;
    let Method { conditions, tolerated, wire_name, .. } = method;
    let signature = reader::named(method, lifetime, runtime);
    let this = method.receiver.written.self_token;
    let borrow = match method.receiver.sharing {
        Sharing::Shared => generate!(&#this.#field),
        Sharing::Session => generate!(#runtime::session(&mut #this.#field)),
    };
    let (request, reply) = (request(method, runtime), codec::reply(&method.returned, runtime));
    let idempotent = method.idempotent.as_ref().map(|_| generate!(.idempotent()));
    let body = generate!({ #reply.of(#holds::call(#borrow, #wire_name)#idempotent #request) });
    quote!(#(#conditions)* #(#tolerated)* #signature #body)
}

/// Returns the method calls that add what is sent: no value, one or several, and maybe a stream.
fn request(method: &Method, runtime: Runtime<'_>) -> TokenStream {
    let argument = |value: &Value| {
        let (codec, argument) = (codec::parameter(value, runtime), borrowed(&value.name, value.borrowed));
        generate!(#codec.with(#argument))
    };
    let values = match method.values.as_slice() {
        [] => TokenStream::new(),
        [value] => {
            let argument = argument(value);
            generate!(.argument(#argument))
        }
        values => {
            let fields = values.iter().map(|value| {
                let (key, argument) = (names::plain(&value.name), argument(value));
                generate!((#key, &#argument))
            });
            generate!(.argument(#runtime::NamedArguments(&[#(#fields),*])))
        }
    };
    let stream = method.stream.as_ref().map(|Sent { name, stream }| match &stream.carries {
        Carried::Octets => generate!(.with_octets(#name)),
        Carried::Values(items) => {
            let items = codec::items(items, runtime);
            generate!(.with_items(#items, #name))
        }
    });
    generate!(#values #stream)
}

fn borrowed(name: &Ident, already: bool) -> TokenStream {
    if already { quote!(#name) } else { generate!(&#name) }
}
