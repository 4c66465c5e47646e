//! What a server needs of a service to give each connection its own.

use super::dispatch::Dispatch;

/// A service of which [`Server::spawn`] and [`Server::serve`] give a clone to each connection: any
/// `Dispatch + Clone`.
///
/// The server that `#[rpc_service]` generates for a trait with `&self` can always be cloned,
/// because all connections share the handler. For a trait with `&mut self`, a clone of the server
/// clones the handler, so the handler needs `Clone`; without it, make one for each connection with
/// [`Server::spawn_with`].
///
/// [`Server::serve`]: crate::Server::serve
/// [`Server::spawn`]: crate::Server::spawn
/// [`Server::spawn_with`]: crate::Server::spawn_with
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a server can serve each connection with",
    label = "not a service, or one that cannot be cloned",
    note = "if it is a handler, wrap it in the server that `#[rpc_service]` generates: `<Trait>Server::new(handler)`; the \
            handler must implement the trait",
    note = "if it is the server of a trait with `&mut self`, each connection gets a clone of the handler: derive `Clone` for \
            it, or make a handler for each connection with `spawn_with` or `serve_with`",
    note = "if it is a tuple, each member must be a `Service`: for a `Dispatch` that you wrote yourself, add \
            `impl rpc_core::Service`"
)]
pub trait PerConnection: Dispatch + Clone {}

// a bare handler is one mistake, and the compiler would report each bound that it does not meet
#[diagnostic::do_not_recommend]
impl<D: Dispatch + Clone> PerConnection for D {}
