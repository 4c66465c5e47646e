//! What to write in place of an `impl Trait` or a `dyn Trait` that cannot travel where it stands.

use quote::ToTokens;
use syn::{Error, TypeImplTrait, TypeTraitObject};

use super::{bounds, meant};
use crate::diagnostics::readable;

/// The use of a type, because advice differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Parameter,
    Value,
    /// The value in each item of a stream.
    Item,
    Error,
}

/// Returns the error for an `impl Trait` inside a type.
pub(crate) fn inside(written: &TypeImplTrait, role: Role) -> Error {
    if bounds::are_of_stream(&written.bounds) { buried(written, role) } else { no_stream(written, role) }
}

fn buried(written: &TypeImplTrait, role: Role) -> Error {
    let stream = meant::stream(&written.bounds);
    let advice = match role {
        Role::Parameter => format!("a stream is a separate parameter, the last one: write `name: {stream}`"),
        Role::Value => {
            format!("a stream stands alone or after one value: write `Result<{stream}>` or `Result<(T, {stream})>`")
        }
        Role::Item => format!("an item is a value, not a stream: write `{}`", meant::value(&written.bounds)),
        Role::Error => "an error is a value: write its type, and send the stream as the result".to_owned(),
    };
    Error::new_spanned(written, advice)
}

/// Returns the error for an `impl Trait` that is not a stream.
pub(crate) fn no_stream(written: &TypeImplTrait, role: Role) -> Error {
    if bounds::named(&written.bounds, "Write").is_some() {
        return Error::new_spanned(written, writer(role));
    }
    if let Some(mistake) = relative_of_iterator(written) {
        return mistake;
    }
    let trait_name = readable(written.into_token_stream());
    let advice = match role {
        Role::Parameter | Role::Item => {
            format!("the other side must know every type: write the type that travels in place of `{trait_name}`")
        }
        Role::Value => {
            format!("a caller must know what it gets: write the type that travels in place of `{trait_name}`")
        }
        Role::Error => {
            format!("a caller must know how a call can fail: write the type of the error in place of `{trait_name}`")
        }
    };
    Error::new_spanned(written, advice)
}

/// Returns the error for a trait that is a relative of `Iterator`, if there is one.
pub(crate) fn relative_of_iterator(written: &TypeImplTrait) -> Option<Error> {
    let (relative, reason) = bounds::relative(&written.bounds)?;
    let stream = meant::stream(&written.bounds);
    Some(Error::new(relative.ident.span(), format!("{reason}: write `{stream}`")))
}

/// Returns the error for a `dyn Trait`.
pub(crate) fn object(written: &TypeTraitObject, role: Role) -> Error {
    let advice = match (role, boxed(written)) {
        _ if bounds::named(&written.bounds, "Write").is_some() => writer(role).to_owned(),
        (Role::Parameter, Some(boxed)) => {
            let stream = meant::stream(&written.bounds);
            format!("a stream is `{stream}`: write that; callers may still pass a `{boxed}`")
        }
        (Role::Value, Some(boxed)) => {
            let stream = meant::stream(&written.bounds);
            format!("a stream is `{stream}`: write that; a handler may still return a `{boxed}`")
        }
        (Role::Item, Some(_)) => format!("an item is a value, not a stream: write `{}`", meant::value(&written.bounds)),
        (Role::Error, _) => {
            "a trait object cannot travel: write the concrete type of the error, or `rpc_core::Error`".to_owned()
        }
        (_, None) => {
            "a trait object cannot travel: write the concrete type, or an enum of the types it may be".to_owned()
        }
    };
    Error::new_spanned(written, advice)
}

/// Returns the short name of a box of the trait object if that is a stream.
fn boxed(written: &TypeTraitObject) -> Option<&'static str> {
    if bounds::named(&written.bounds, "Read").is_some() {
        return Some("Box<dyn Read>");
    }
    bounds::iterator(&written.bounds).map(|_| "Box<dyn Iterator<..>>")
}

fn writer(role: Role) -> &'static str {
    match role {
        Role::Parameter => "streams are read, never written: return `Result<impl Read>` to give bytes to the caller",
        Role::Value | Role::Item | Role::Error => {
            "streams are read, never written: take `content: impl Read` to get bytes from the caller"
        }
    }
}
