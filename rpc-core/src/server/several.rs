//! Several services on one server: a tuple of them is a `Dispatch`.

use crate::codec::{Contract, Contracts, refuse_shared_endpoint};

use super::dispatch::{Call, Dispatch};
use super::exchange::Served;

/// A [`Dispatch`] that a tuple may hold. Tuples of up to eight are a `Dispatch` themselves, so that
/// one server offers several services:
///
/// ```
/// use rpc_core::{Result, Server, rpc_service};
///
/// #[rpc_service]
/// trait Depot {
///     fn size(&self) -> Result<u64>;
/// }
///
/// #[rpc_service]
/// trait Admin {
///     fn pause(&self, seconds: u32) -> Result<()>;
/// }
///
/// struct Handler;
///
/// impl Depot for Handler {
///     fn size(&self) -> Result<u64> {
///         Ok(42)
///     }
/// }
///
/// impl Admin for Handler {
///     fn pause(&self, _seconds: u32) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// let services = (DepotServer::new(Handler), AdminServer::new(Handler));
/// let server = Server::bind("tcp://127.0.0.1:0")?.spawn(services)?;
/// let client = rpc_core::Client::connect(server.address())?;
/// assert_eq!(DepotClient::new(client.clone()).size()?, 42);
/// AdminClient::new(client).pause(5)?;
/// # Ok::<(), rpc_core::Error>(())
/// ```
///
/// A call goes to the service whose contract lists its endpoint, so a member of a tuple answers
/// only what its contract lists. Each connection has its own sessions, whatever they are combined
/// with.
///
/// `#[rpc_service]` implements this for `<Trait>Server`. For a `Dispatch` that you write,
/// `impl Service for Mine {}` is enough.
///
/// # Endpoints that two services have
///
/// The same endpoint in two generated services does not compile. Otherwise
/// [`Server::spawn`](super::Server::spawn) and [`Server::serve`](super::Server::serve) return an
/// error; connections whose services a factory makes are refused.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be one of several services",
    label = "not a service",
    note = "wrap a handler in the server that `#[rpc_service]` generates: `<Trait>Server::new(handler)`",
    note = "for a `Dispatch` that you wrote yourself, add `impl rpc_core::Service for {Self} {{}}`"
)]
pub trait Service: Dispatch {
    /// The contract, if the compiler shall check that no other service of a tuple has the same
    /// endpoints.
    const CONTRACT: Option<&'static Contract> = None;
}

impl<S: Service + ?Sized> Service for &mut S {
    const CONTRACT: Option<&'static Contract> = S::CONTRACT;
}

impl<D: Dispatch + ?Sized> Service for Box<D> {}

/// Returns the contract of a service whose contract the compiler knows.
pub fn contracts<S: Service>() -> Contracts {
    S::CONTRACT.map_or_else(|| [].into_iter().collect(), Contracts::from)
}

/// Implements both traits for a tuple. A tuple in a tuple is looked through when the server starts.
macro_rules! several {
    ($($service:ident $at:tt),*) => {
        impl<$($service: Service),*> Dispatch for ($($service,)*) {
            fn contracts(&self) -> Contracts {
                const { refuse_shared_endpoint(&[$($service::CONTRACT),*]) };
                [$(self.$at.contracts()),*].into_iter().collect()
            }

            fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
                let endpoint = call.endpoint();
                $(if self.$at.contracts().find(endpoint).is_some() {
                    return self.$at.dispatch(call);
                })*
                call.unknown_endpoint()
            }
        }

        impl<$($service: Service),*> Service for ($($service,)*) {}
    };
}

several!(A 0);
several!(A 0, B 1);
several!(A 0, B 1, C 2);
several!(A 0, B 1, C 2, D 3);
several!(A 0, B 1, C 2, D 3, E 4);
several!(A 0, B 1, C 2, D 3, E 4, F 5);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
