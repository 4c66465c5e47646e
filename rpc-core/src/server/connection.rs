//! A connection of a server: what only its own thread uses, and what other threads can reach, under
//! which lock.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use crate::codec::Contracts;
use crate::connection::{Inbound, JSON_KEPT, Outbound, trim};
use crate::error::{Error, Fate, Operation, Result};
use crate::message::{MessageError, RequestHeader};
use crate::transport::{Parts, Peer};

use super::ServerConfig;
use super::extensions::Extensions;
use super::lifecycle::Lifecycle;
use super::registry::Registry;
use crate::lock::{lock, try_lock};

/// A connection being served.
pub(super) struct ServerConnection {
    /// Where the connection is registered, unless it has no server.
    pub(super) registry: Option<Arc<Registry>>,
    pub(super) inbound: SharedInbound,
    /// Locked because a shutdown writes to an idle connection, and another thread sends what is
    /// held back.
    pub(super) outbound: Arc<Mutex<Outbound>>,
    pub(super) config: Arc<ServerConfig>,
    pub(super) peer: Peer,
    pub(super) lifecycle: Arc<Lifecycle>,
    /// The header of the current request, or of the last one.
    pub(super) header: RefCell<Vec<u8>>,
    /// How many bytes had been received before that header.
    pub(super) header_began_at: Cell<u64>,
    /// Whether the service is answering a call, so that there is a
    /// [`CallContext`](super::CallContext).
    pub(super) in_service: Cell<bool>,
    /// When the caller of the current call gives up waiting.
    pub(super) deadline: Cell<Option<Instant>>,
    /// What its service offers, once it is served.
    contracts: OnceCell<Contracts>,
    /// Whether any handler keeps a session.
    has_sessions: Cell<bool>,
    /// The values that the connection carries, once anybody asks for them.
    extensions: OnceCell<Arc<Extensions>>,
    /// The values that the current call carries, once anybody asks for them.
    call_extensions: RefCell<Option<Arc<Extensions>>>,
    /// The buffer for the JSON of a request, and then of its reply.
    json: Cell<Vec<u8>>,
    /// A request has run, and its reply has not begun. A Reset frame in its place would say that
    /// the request has not run.
    pub(super) unanswered: Cell<bool>,
}

impl ServerConnection {
    pub(super) fn new(parts: Parts, config: Arc<ServerConfig>) -> ServerConnection {
        let outbound = Arc::new(Mutex::new(Outbound::new(parts.writer)));
        ServerConnection {
            registry: None,
            inbound: SharedInbound::new(Inbound::new(parts.reader)),
            lifecycle: Arc::new(Lifecycle::new(Arc::clone(&outbound), parts.control)),
            outbound,
            config,
            peer: parts.peer,
            header: RefCell::default(),
            header_began_at: Cell::default(),
            in_service: Cell::default(),
            deadline: Cell::default(),
            contracts: OnceCell::new(),
            has_sessions: Cell::default(),
            extensions: OnceCell::new(),
            call_extensions: RefCell::default(),
            json: Cell::default(),
            unanswered: Cell::default(),
        }
    }

    /// Registers the connection with its server, until it is dropped.
    pub(super) fn register(&mut self, registry: &Arc<Registry>) {
        self.registry = Some(Arc::clone(registry));
        registry.register(&self.lifecycle);
    }

    /// Returns the endpoint whose call has ended the connection; `None` if it ended between calls.
    pub(super) fn endpoint_at_hand(&self) -> Option<String> {
        let bytes = self.header.borrow();
        RequestHeader::decode(&bytes).ok().map(|header| header.endpoint.into_owned())
    }

    /// Notes what the service offers that is going to be served. The first time counts.
    pub(super) fn offer(&self, contracts: Contracts) {
        self.has_sessions.set(contracts.iter().any(|contract| contract.session));
        _ = self.contracts.set(contracts);
    }

    /// Returns whether the handler of an endpoint keeps a session.
    pub(super) fn keeps_session(&self, endpoint: &str) -> bool {
        self.has_sessions.get() && self.contracts().keeps_session(endpoint)
    }

    /// Returns what the service offers that is being served.
    pub(super) fn contracts(&self) -> &Contracts {
        self.contracts.get().expect("a service says what it offers before it is served")
    }

    /// Returns the values that the connection carries.
    pub(super) fn extensions(&self) -> &Arc<Extensions> {
        self.extensions.get_or_init(Arc::default)
    }

    /// Returns the values that the current call carries.
    pub(super) fn call_extensions(&self) -> Arc<Extensions> {
        Arc::clone(self.call_extensions.borrow_mut().get_or_insert_default())
    }

    /// Takes the values of a call that is over. Dropping them runs the user's code.
    pub(super) fn take_call_extensions(&self) -> Option<Arc<Extensions>> {
        self.call_extensions.take()
    }

    /// Runs `operate`, which may run the user's code, with the buffer for JSON. Then keeps the
    /// buffer for the next JSON, unless it is large.
    pub(super) fn with_json<T>(&self, operate: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let mut json = self.json.take();
        let outcome = operate(&mut json);
        trim(&mut json, JSON_KEPT);
        self.json.set(json);
        outcome
    }

    /// Returns the error of a request that cannot be read.
    pub(super) fn request_failed(&self, error: MessageError) -> Error {
        Error::from_message(error, Operation::ReadingRequest, self.config.request_timeout, Fate::LOST)
    }
}

impl Drop for ServerConnection {
    /// Leaves the server before the transport is dropped, which may take its time to close.
    fn drop(&mut self) {
        if let Some(registry) = &self.registry {
            registry.remove(&self.lifecycle);
        }
    }
}

/// The direction from the client. Only the connection's thread uses it, without a lock, until that
/// thread shares it. For the rest of the call a lock protects it, and a handler's
/// [`OctetReader`](crate::OctetReader) and [`CallContext`](super::CallContext) can use it on
/// any thread.
pub(super) struct SharedInbound {
    /// Holds the inbound direction unless it is shared.
    own: RefCell<Receiving>,
    /// Holds it while it is shared: each call that shares it has its own, which stays empty after
    /// the call.
    shared: RefCell<Option<Arc<SharedReceiving>>>,
}

/// What a call shares with other threads.
#[derive(Default)]
pub(super) struct SharedReceiving {
    pub(super) receiving: Mutex<Receiving>,
    /// Why the request could not be read to its end. Readable while another thread holds the lock.
    pub(super) failed: OnceLock<Error>,
}

impl SharedReceiving {
    fn check(&self) -> Result<()> {
        self.failed.get().map_or(Ok(()), |error| Err(error.repeated()))
    }
}

/// The direction from the client, and who may read from it. The flags concern other threads only,
/// so they have no effect unless it is shared.
#[derive(Default)]
pub(super) struct Receiving {
    /// Boxed, because it moves when it is shared.
    pub(super) inbound: Option<Box<Inbound>>,
    /// Whether a handler's reader may not read any more: the reply has begun, unless octets go both
    /// ways.
    pub(super) request_over: bool,
    /// Whether the call is over, its reply included.
    pub(super) call_over: bool,
}

impl Receiving {
    pub(super) fn inbound(&mut self) -> &mut Inbound {
        self.inbound.as_mut().expect("it is shared as long as a reader of the present call exists")
    }
}

impl SharedInbound {
    fn new(inbound: Inbound) -> SharedInbound {
        let own = Receiving { inbound: Some(Box::new(inbound)), ..Receiving::default() };
        SharedInbound { own: RefCell::new(own), shared: RefCell::default() }
    }

    /// Runs `operate` on the inbound direction. If it is shared, blocks until no other thread uses
    /// it.
    pub(super) fn with<T>(&self, operate: impl FnOnce(&mut Receiving) -> T) -> T {
        let mut own = self.own.borrow_mut();
        if own.inbound.is_some() { operate(&mut own) } else { operate(&mut lock(&self.shared().receiving)) }
    }

    /// Asks something about the request without blocking; `false` if another thread reads it right
    /// now.
    ///
    /// # Errors
    /// Why the request is broken, if a reader has found that out.
    pub(super) fn ask(&self, question: impl FnOnce(&mut Receiving) -> Result<bool>) -> Result<bool> {
        let mut own = self.own.borrow_mut();
        if own.inbound.is_some() {
            return question(&mut own);
        }
        let shared = self.shared();
        shared.check()?;
        try_lock(&shared.receiving).map_or(Ok(false), |mut receiving| question(&mut receiving))
    }

    /// Fails if a reader has found out that the request is broken.
    pub(super) fn check(&self) -> Result<()> {
        self.shared.borrow().as_ref().map_or(Ok(()), |shared| shared.check())
    }

    /// Returns what this call shares.
    fn shared(&self) -> Arc<SharedReceiving> {
        Arc::clone(self.shared.borrow_mut().get_or_insert_default())
    }

    /// Shares the inbound direction with other threads until the call ends. Returns where it is.
    pub(super) fn share(&self) -> Arc<SharedReceiving> {
        let shared = self.shared();
        // it is borrowed only if the transport itself calls this while it is read from. It is then
        // shared the next time, and a context finds nothing there until then
        if let Ok(mut own) = self.own.try_borrow_mut()
            && let Some(inbound) = own.inbound.take()
        {
            lock(&shared.receiving).inbound = Some(inbound);
        }
        shared
    }

    /// Ends a call: other threads cannot use the inbound direction any more.
    ///
    /// # Errors
    /// Why the request is broken, if a reader has found that out.
    pub(super) fn end_call(&self) -> Result<()> {
        let Some(shared) = self.shared.take() else { return Ok(()) };
        let mut receiving = lock(&shared.receiving);
        (receiving.request_over, receiving.call_over) = (true, true);
        if let Some(inbound) = receiving.inbound.take() {
            self.own.borrow_mut().inbound = Some(inbound);
        }
        shared.check()
    }
}
