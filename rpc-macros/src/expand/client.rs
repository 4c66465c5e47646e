//! The client: a struct around a pool or a session that implements the trait by calling.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{Type, parse_quote_spanned};

use super::{codec, generate};
use crate::model::{Method, Service, Sharing, Value};
use crate::names;
use crate::runtime::Runtime;

/// What differs between a client of many and a client of one.
struct Kind {
    /// The field, named for what it holds.
    field: Ident,
    /// The type of the field, which makes connections.
    holds: TokenStream,
    /// What a returned stream may borrow.
    lifetime: TokenStream,
    docs: TokenStream,
}

impl Kind {
    fn of(service: &Service, runtime: Runtime<'_>) -> Self {
        let ident = &service.ident;
        match service.sharing {
            Sharing::Shared => {
                let sentence = format!(
                    " Client of [`{ident}`]: each method is a call to a server.\n\n It may be shared between threads; a clone shares \
                     its connections. Everything else about calls is told by the `Client` it is made of.",
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
                    " Client of [`{ident}`]: each method is a call to the one handler that serves this session.\n\n It is one \
                     connection with one call at a time; a returned stream borrows it until it is dropped.",
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
pub(crate) fn items(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let (kind, ident, visibility, client) =
        (Kind::of(service, runtime), &service.ident, &service.visibility, names::client(&service.ident));
    let Kind { field, holds, docs, .. } = &kind;
    let functions = functions(service, &kind, runtime);
    let tolerated = &service.tolerated;
    // the client names what the trait only bounds; asked for where needed, for a crate may forbid to allow anything
    let names_streams = service.methods.iter().any(|method| method.returned.reply.stream.is_some());
    let refines = names_streams.then(|| generate!(#[allow(refining_impl_trait)]));
    let stubs = service.methods.iter().map(|method| stub(method, &kind, runtime));
    generate! {
        #docs
        #visibility struct #client {
            #field: #holds,
        }

        impl #client {
            #functions
        }

        #[automatically_derived]
        #refines
        #(#tolerated)*
        impl #ident for #client {
            #(#stubs)*
        }
    }
}

/// Functions without a receiver, which no method of a trait can clash with.
fn functions(service: &Service, kind: &Kind, runtime: Runtime<'_>) -> TokenStream {
    let (visibility, Kind { field, holds, .. }) = (&service.visibility, kind);
    let options = options(service, kind, runtime);
    generate! {
        /// Connects to the server at an address.
        ///
        /// # Errors
        ///
        /// When the address cannot be understood or reached.
        #visibility fn connect(address: impl #runtime::ToAddress) -> #runtime::Result<Self, #runtime::Error> {
            #runtime::Result::map(#holds::connect(address), Self::new)
        }

        /// Connects to the server at an address, as a client that behaves as `config` says.
        ///
        /// # Errors
        ///
        /// When the address cannot be understood or reached.
        #visibility fn connect_with(
            address: impl #runtime::ToAddress,
            config: #runtime::ClientConfig,
        ) -> #runtime::Result<Self, #runtime::Error> {
            #runtime::Result::map(#holds::connect_with(address, config), Self::new)
        }

        /// A client of the server at the other end of `transport`.
        ///
        /// # Errors
        ///
        /// When the transport cannot be made ready for use.
        #visibility fn from_transport(transport: impl #runtime::Transport) -> #runtime::Result<Self, #runtime::Error> {
            #runtime::Result::map(#holds::from_transport(transport), Self::new)
        }

        /// A client that calls by what was set up elsewhere.
        #[must_use]
        #visibility fn new(#field: #holds) -> Self {
            Self { #field }
        }

        #options

        /// Takes leave of the server and reports how that went; dropping the client does it quietly.
        ///
        /// # Errors
        ///
        /// When the server did not take part in it.
        #visibility fn close(client: Self) -> #runtime::Result<(), #runtime::Error> {
            #holds::close(client.#field)
        }
    }
}

/// How the calls of a client get a time limit and what they carry: a client of many is not changed under the others.
fn options(service: &Service, kind: &Kind, runtime: Runtime<'_>) -> TokenStream {
    let (visibility, Kind { field, holds, .. }) = (&service.visibility, kind);
    match service.sharing {
        Sharing::Shared => generate! {
            /// A client over the same connections whose calls have these options; those of `client` keep theirs.
            #[must_use]
            #visibility fn with_options(client: &Self, options: #runtime::CallOptions) -> Self {
                Self::new(#holds::with_options(&client.#field, options))
            }
        },
        Sharing::Session => generate! {
            /// Gives these options to the calls from now on, in place of those they had.
            #visibility fn set_options(client: &mut Self, options: #runtime::CallOptions) {
                #holds::set_options(&mut client.#field, options);
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
    // with a stream to send, the returned one holds that: its type has no name, and bounds are all there is to say of it
    let sent = method.stream.as_ref().map(|stream| &stream.written).into_iter();
    let mut signature = method.signature.clone();
    NameReader { reader: generate!(#runtime::OctetReader<#lifetime #(, #sent)*>) }
        .visit_return_type_mut(&mut signature.output);
    let this = method.receiver.written.self_token;
    let borrow = match method.receiver.sharing {
        Sharing::Shared => generate!(&#this.#field),
        Sharing::Session => generate!(&mut #this.#field),
    };
    let (request, reply) = (request(method, runtime), codec::reply(&method.returned, runtime));
    let body = generate!({ #reply.of(#holds::call(#borrow, #wire_name) #request) });
    quote!(#(#conditions)* #(#tolerated)* #signature #body)
}

/// The steps that say what is sent: nothing, one value or several, and maybe a stream.
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
    let stream = method.stream.iter().map(|stream| {
        let content = &stream.name;
        generate!(.with_octets(#content))
    });
    generate!(#values #(#stream)*)
}

fn borrowed(name: &Ident, already: bool) -> TokenStream {
    if already { quote!(#name) } else { generate!(&#name) }
}

/// Names the type behind `impl Read`, where that stands.
struct NameReader {
    reader: TokenStream,
}

impl VisitMut for NameReader {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(_) = ty {
            let reader = &self.reader;
            *ty = parse_quote_spanned!(Span::mixed_site()=> #reader);
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}
