//! A service as the expansion wants it: plain data in which spans are kept and refused forms cannot be said.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, GenericArgument, LitStr, PathArguments, Signature, Token, Type, TypeImplTrait, TypeParamBound, TypePath,
    Visibility,
};

/// A trait that became a service.
pub(crate) struct Service {
    pub(crate) ident: Ident,
    /// Of the generated items, which is that of the trait.
    pub(crate) visibility: Visibility,
    pub(crate) supertraits: Punctuated<TypeParamBound, Token![+]>,
    /// The lints that are tolerated in the trait, and thus in what repeats it.
    pub(crate) tolerated: Vec<Attribute>,
    pub(crate) sharing: Sharing,
    pub(crate) methods: Vec<Method>,
}

/// What the receiver says, which is the same for all methods of a sound service.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// `&self`: a pool of connections, a handler shared by all of them.
    Shared,
    /// `&mut self`: one connection, one handler.
    Session,
}

/// One method, one endpoint.
pub(crate) struct Method {
    pub(crate) wire_name: LitStr,
    /// What decides whether the method exists; every generated piece of it says the same.
    pub(crate) conditions: Vec<Attribute>,
    /// The lints that are tolerated in the method, and thus in what repeats or calls it.
    pub(crate) tolerated: Vec<Attribute>,
    /// As written, without attributes on parameters.
    pub(crate) signature: Signature,
    pub(crate) receiver: Receiver,
    /// The serde values of the request.
    pub(crate) values: Vec<Value>,
    /// The `impl Read` behind them.
    pub(crate) stream: Option<Stream>,
    pub(crate) returned: Returned,
}

impl Method {
    /// The names of all parameters, in their order.
    pub(crate) fn parameter_names(&self) -> impl Iterator<Item = &Ident> {
        self.values.iter().map(|value| &value.name).chain(self.stream.iter().map(|stream| &stream.name))
    }
}

/// `&self` or `&mut self`, kept where it was written.
pub(crate) struct Receiver {
    pub(crate) sharing: Sharing,
    pub(crate) written: syn::Receiver,
}

/// A parameter that travels as JSON.
pub(crate) struct Value {
    pub(crate) name: Ident,
    /// The type without its reference, `str` for `&str`, and with lifetimes left open.
    pub(crate) sent: Type,
    pub(crate) borrowed: bool,
}

/// A parameter that travels as octets.
pub(crate) struct Stream {
    pub(crate) name: Ident,
    pub(crate) written: TypeImplTrait,
}

/// The return type: a path whose last segment is some `Result`, and what its first type argument asks for.
pub(crate) struct Returned {
    pub(crate) written: TypePath,
    /// The same with `()` for the value and lifetimes left open: its error is the method's.
    pub(crate) outcome: TypePath,
    pub(crate) reply: Reply,
}

/// What a method answers when all is well; neither value nor stream is `()`.
#[derive(Default)]
pub(crate) struct Reply {
    /// The serde value, with lifetimes left open.
    pub(crate) value: Option<Type>,
    /// The `impl Read`, alone or behind the value.
    pub(crate) stream: Option<TypeImplTrait>,
}

/// The type arguments of the last segment: value and error of a `Result`.
pub(crate) fn type_arguments(path: &TypePath) -> impl Iterator<Item = &Type> {
    let arguments = path.path.segments.last().map(|last| &last.arguments);
    let arguments = match arguments {
        Some(PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
