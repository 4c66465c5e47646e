//! The receiver, which decides how a client is used: `&self` shared, `&mut self` exclusively.

use syn::{Error, Receiver as Written, ReceiverKind, Signature, parse_quote};

use crate::model::{Receiver, Sharing};

/// Returns how the receiver shares the client, if it is valid.
pub(crate) fn sharing(signature: &Signature) -> Option<Sharing> {
    read(signature).ok().map(|receiver| receiver.sharing)
}

pub(crate) fn read(signature: &Signature) -> syn::Result<Receiver> {
    let Some(written) = signature.receiver() else {
        return Err(Error::new(
            signature.ident.span(),
            "a call needs a connection: write `&self` as the first parameter, or `&mut self` for a session",
        ));
    };
    match &written.kind {
        ReceiverKind::Reference(_, Some(lifetime), _) if lifetime.ident == "static" => {
            Err(Error::new_spanned(lifetime, "a server borrows its handler for one call only: remove `'static`"))
        }
        ReceiverKind::Reference(_, _, None) => Ok(receiver(Sharing::Shared, written)),
        ReceiverKind::Reference(_, _, Some(_)) => Ok(receiver(Sharing::Session, written)),
        _ => Err(Error::new_spanned(
            written,
            "a call only borrows client and handler: write `&self`, or `&mut self` for a session",
        )),
    }
}

fn receiver(sharing: Sharing, written: &Written) -> Receiver {
    Receiver { sharing, written: written.clone() }
}

/// Returns a receiver that fits the others, to replace a refused one.
pub(crate) fn assumed(sharing: Sharing) -> Receiver {
    let written = match sharing {
        Sharing::Shared => parse_quote!(&self),
        Sharing::Session => parse_quote!(&mut self),
    };
    Receiver { sharing, written }
}
