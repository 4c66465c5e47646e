//! A service as the expansion needs it: plain data that keeps spans and cannot represent refused
//! forms.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, ExprMacro, GenericArgument, LitStr, PathArguments, Signature, Token, Type, TypeImplTrait,
    TypeParamBound, TypePath, Visibility,
};

/// A service trait.
pub(crate) struct Service {
    pub(crate) ident: Ident,
    pub(crate) docs: Docs,
    /// The visibility of the trait and of the generated items.
    pub(crate) visibility: Visibility,
    pub(crate) supertraits: Punctuated<TypeParamBound, Token![+]>,
    /// Lints allowed in the trait, and so in generated code that repeats it.
    pub(crate) tolerated: Vec<Attribute>,
    pub(crate) sharing: Sharing,
    pub(crate) methods: Vec<Method>,
}

/// The receiver, which is the same for all methods of a valid service.
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
    /// Its other names on the wire.
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) docs: Docs,
    /// Where it says that it may run twice without harm.
    pub(crate) idempotent: Option<Ident>,
    /// The conditions for the method to exist, which all generated code for it repeats.
    pub(crate) conditions: Vec<Attribute>,
    /// Lints allowed in the method, and so in generated code that repeats or calls it.
    pub(crate) tolerated: Vec<Attribute>,
    /// As written, without attributes on parameters.
    pub(crate) signature: Signature,
    pub(crate) receiver: Receiver,
    /// The serde values of the request.
    pub(crate) values: Vec<Value>,
    /// The stream after them.
    pub(crate) stream: Option<Sent>,
    pub(crate) returned: Returned,
}

impl Method {
    /// Returns the names of all parameters in order.
    pub(crate) fn parameter_names(&self) -> impl Iterator<Item = &Ident> {
        self.values.iter().map(|value| &value.name).chain(self.stream.iter().map(|sent| &sent.name))
    }
}

/// Documentation: these parts one after the other.
pub(crate) type Docs = Vec<DocPart>;

pub(crate) enum DocPart {
    Text(String),
    /// A macro that stands for a text, such as `include_str!`.
    Macro(Box<ExprMacro>),
}

/// `&self` or `&mut self`, kept where it was written.
pub(crate) struct Receiver {
    pub(crate) sharing: Sharing,
    pub(crate) written: syn::Receiver,
}

/// A parameter that travels as JSON.
pub(crate) struct Value {
    pub(crate) name: Ident,
    /// Its other names on the wire.
    pub(crate) aliases: Vec<LitStr>,
    /// The type without its reference, `str` for `&str`, and with lifetimes replaced by `'_`.
    pub(crate) sent: Type,
    pub(crate) borrowed: bool,
}

/// A parameter that travels as a stream.
pub(crate) struct Sent {
    pub(crate) name: Ident,
    pub(crate) stream: Stream,
}

/// A stream in either direction.
pub(crate) struct Stream {
    pub(crate) written: TypeImplTrait,
    pub(crate) carries: Carried,
}

/// What a stream carries.
pub(crate) enum Carried {
    /// As an `impl Read`.
    Octets,
    /// As an `impl Iterator`.
    Values(Box<Items>),
}

/// The items of a stream of values: `Result`s, because a stream can break.
pub(crate) struct Items {
    /// The serde value of each, without lifetimes other than `'static`; `None` is `()`.
    pub(crate) value: Option<Type>,
    pub(crate) outcome: Outcome,
}

/// The return type, and what its first type argument describes.
pub(crate) struct Returned {
    pub(crate) outcome: Outcome,
    pub(crate) reply: Reply,
}

/// A path whose last segment is a `Result`.
pub(crate) struct Outcome {
    pub(crate) written: TypePath,
    /// The same with `()` for the value and lifetimes replaced by `'_`: it has the same error.
    pub(crate) without_value: TypePath,
}

/// What a method returns on success; without value and stream, `()`.
#[derive(Default)]
pub(crate) struct Reply {
    /// The serde value, with lifetimes replaced by `'_`.
    pub(crate) value: Option<Type>,
    /// The stream, alone or after the value.
    pub(crate) stream: Option<Stream>,
}

/// Returns the type arguments of the last segment: value and error of a `Result`.
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
