//! What a handler can find out about its call without an argument in the trait.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::connection::Ahead;
use crate::message::{Metadata, RequestHeader};
use crate::transport::Peer;

use super::connection::{ServerConnection, SharedReceiving};
use super::extensions::Extensions;
use super::lifecycle::Lifecycle;
use crate::lock::try_lock;

/// The call that is being answered: its endpoint, caller, metadata and deadline, and whether the
/// caller still waits.
///
/// A handler gets it by [`current`](CallContext::current) on the thread that it was called on, and
/// may send it to other threads.
///
/// ```
/// use rpc_core::{CallContext, CallOptions, Result, Server, rpc_service};
///
/// #[rpc_service]
/// trait Greeter {
///     fn greet(&self) -> Result<String>;
/// }
///
/// struct Polite;
///
/// impl Greeter for Polite {
///     fn greet(&self) -> Result<String> {
///         let context = CallContext::current();
///         let name = context.as_ref().and_then(|context| context.metadata().get("name")).unwrap_or("stranger");
///         Ok(format!("hello, {name}"))
///     }
/// }
///
/// let server = Server::bind("tcp://127.0.0.1:0")?.spawn(GreeterServer::new(Polite))?;
/// let client = rpc_core::Client::connect(server.address())?;
/// let client = client.with_options(CallOptions::default().metadata("name", "ann"));
/// assert_eq!(GreeterClient::new(client).greet()?, "hello, ann");
/// assert_eq!(Polite.greet()?, "hello, stranger"); // called directly, there is no context
/// # Ok::<(), rpc_core::Error>(())
/// ```
#[derive(Clone)]
pub struct CallContext {
    call: Arc<OneCall>,
}

struct OneCall {
    endpoint: String,
    metadata: Metadata<'static>,
    deadline: Option<Instant>,
    peer: Peer,
    extensions: Arc<Extensions>,
    connection_extensions: Arc<Extensions>,
    lifecycle: Arc<Lifecycle>,
    shared: Arc<SharedReceiving>,
}

thread_local! {
    /// The connection that this thread serves.
    static SERVED: RefCell<Option<Rc<ServerConnection>>> = const { RefCell::new(None) };
}

impl CallContext {
    /// Returns the call that this thread answers; `None` on other threads, and if a handler is
    /// called directly.
    pub fn current() -> Option<CallContext> {
        SERVED.with_borrow(|connection| {
            let connection = connection.as_ref().filter(|connection| connection.in_service.get())?;
            let bytes = connection.header.borrow();
            let header = RequestHeader::decode(&bytes).ok()?;
            let call = OneCall {
                endpoint: header.endpoint.into_owned(),
                metadata: header.metadata.into_owned(),
                deadline: connection.deadline.get(),
                peer: connection.peer.clone(),
                extensions: connection.call_extensions(),
                connection_extensions: Arc::clone(connection.extensions()),
                lifecycle: Arc::clone(&connection.lifecycle),
                shared: connection.inbound.share(),
            };
            Some(CallContext { call: Arc::new(call) })
        })
    }

    /// Returns the name by which the endpoint is called, which may be an alias.
    pub fn endpoint(&self) -> &str {
        &self.call.endpoint
    }

    /// Returns who calls: its address, and over a Unix socket its
    /// [credentials](Peer::credentials), where the system tells them.
    pub fn peer(&self) -> &Peer {
        &self.call.peer
    }

    /// Returns the metadata that the caller attached.
    pub fn metadata(&self) -> &Metadata<'static> {
        &self.call.metadata
    }

    /// Returns when the caller gives up waiting, if it sent a time limit. The time that the call's
    /// header took to arrive is not counted.
    pub fn deadline(&self) -> Option<Instant> {
        self.call.deadline
    }

    /// Returns the values that this call carries: what a [`Dispatch`](super::Dispatch) around the
    /// handler has found out, for example who the caller is. Empty at the beginning of each call.
    pub fn extensions(&self) -> &Extensions {
        &self.call.extensions
    }

    /// Returns the values that the connection carries from call to call, to all services of a
    /// server: for example a login. The calls of a [`Client`](crate::Client) use several
    /// connections. So it logs in on each by
    /// [`ClientConfig::on_connect`](crate::ClientConfig::on_connect), or has only one: a
    /// [`Session`](crate::Session), or a client [of one transport](crate::Client::from_transport).
    pub fn connection_extensions(&self) -> &Extensions {
        &self.call.connection_extensions
    }

    /// Returns whether the caller has cancelled the call or closed the connection, as far as is
    /// known without waiting; `true` when the call is over or a shutdown has cut it. A handler that
    /// works long may ask this repeatedly, and stop. While the request is a stream that has not
    /// been read to its end, only a shutdown and a closed connection are noticed, and the latter
    /// only behind all that has arrived of the stream.
    pub fn caller_is_gone(&self) -> bool {
        if self.call.lifecycle.was_cut() {
            return true;
        }
        // another thread reads the request right now, so it still comes
        let Some(mut receiving) = try_lock(&self.call.shared.receiving) else { return false };
        if receiving.call_over {
            return true;
        }
        // the connection's thread reads the request right now
        let Some(inbound) = receiving.inbound.as_deref_mut() else { return false };
        match inbound.look_ahead() {
            Ahead::Nothing | Ahead::Blind => false,
            Ahead::End => true,
            Ahead::Bytes => inbound.messages.body_ended() && inbound.cancel_is_next(),
        }
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("endpoint", &self.endpoint())
            .field("peer", self.peer())
            .field("metadata", self.metadata())
            .field("deadline", &self.deadline())
            .finish()
    }
}

/// Makes a connection the one that this thread serves, until the guard is dropped.
pub(super) struct ServingGuard {
    /// The connection served before: a handler may serve a connection within a call.
    outer: Option<Rc<ServerConnection>>,
}

impl ServingGuard {
    pub(super) fn new(connection: Rc<ServerConnection>) -> ServingGuard {
        ServingGuard { outer: SERVED.replace(Some(connection)) }
    }
}

impl Drop for ServingGuard {
    fn drop(&mut self) {
        SERVED.set(self.outer.take());
    }
}
