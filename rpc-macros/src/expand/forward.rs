//! Implementations of the trait for references and smart pointers, so that a pointer to a handler
//! or a client is a service too.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Token;

use super::{generate, supertraits};
use crate::model::{Method, Service, Sharing};
use crate::names;
use crate::runtime::Runtime;

/// Implements the trait for `&T`, `Arc<T>` and `Box<T>` with `&self`, or `&mut T` and `Box<T>` with
/// `&mut self`.
pub(crate) fn impls(service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let implementor = names::implementor();
    let in_box = generate!(#runtime::Box<#implementor>);
    let pointers = match service.sharing {
        Sharing::Shared => vec![generate!(&#implementor), generate!(#runtime::Arc<#implementor>), in_box],
        Sharing::Session => vec![generate!(&mut #implementor), in_box],
    };
    pointers.iter().map(|pointer| forwarding(pointer, service, runtime)).collect()
}

/// ```text
/// trait Vault: Send { fn list(&self, prefix: &str) -> Result<Vec<Entry>>; }       // in
/// impl<S> Vault for &S where S: ?Sized + Vault, Self: Send {                      // out
///     fn list(&self, prefix: &str) -> Result<Vec<Entry>> { <S as Vault>::list(&**self, prefix) }
/// }
/// ```
fn forwarding(pointer: &TokenStream, service: &Service, runtime: Runtime<'_>) -> TokenStream {
    let (implementor, ident, supertraits) = (names::implementor(), &service.ident, supertraits(service));
    let methods = service.methods.iter().map(|method| forwarding_method(method, service));
    let tolerated = &service.tolerated;
    generate! {
        #[automatically_derived]
        #(#tolerated)*
        impl<#implementor> #ident for #pointer
        where
            #implementor: ?#runtime::marker::Sized + #ident,
            #supertraits
        {
            #(#methods)*
        }
    }
}

fn forwarding_method(method: &Method, service: &Service) -> TokenStream {
    let (implementor, ident) = (names::implementor(), &service.ident);
    let Method { conditions, tolerated, signature, .. } = method;
    let called = names::called(&signature.ident);
    let this = method.receiver.written.self_token;
    let borrow: Option<Token![mut]> = (method.receiver.sharing == Sharing::Session).then(Default::default);
    let arguments = method.parameter_names();
    let body = generate!({ <#implementor as #ident>::#called(&#borrow **#this, #(#arguments),*) });
    quote!(#(#conditions)* #(#tolerated)* #signature #body)
}
