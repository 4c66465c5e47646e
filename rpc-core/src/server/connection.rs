//! A connection as its server holds it. Its own thread does almost all; this file says what other
//! threads can reach, and under which lock.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::connection::{Ends, Inbound, Outbound, trim_json};
use crate::error::{Error, Result};
use crate::transport::{Parts, Peer};

use super::ServerConfig;
use super::lifecycle::Lifecycle;
use super::lock::{lock, try_lock};
use super::registry::{Registration, Registry};

/// A connection being served.
pub(super) struct ServerConnection {
    /// The first field, so that it is dropped first: the transport may take its time to close.
    registration: Option<Registration>,
    pub(super) inbound: SharedInbound,
    /// Locked because a shutdown writes to an idle connection, and `reply_batching` sends replies
    /// that were held back.
    pub(super) outbound: Arc<Mutex<Outbound>>,
    pub(super) config: ServerConfig,
    pub(super) peer: Peer,
    pub(super) lifecycle: Arc<Lifecycle>,
    /// The header of the current request, or of the last one.
    pub(super) header: RefCell<Vec<u8>>,
    /// Whether the service answers a call at the moment, so that [`CallContext`](super::CallContext) may be asked for.
    pub(super) in_service: Cell<bool>,
    /// When the caller of the current call gives up waiting.
    pub(super) deadline: Cell<Option<Instant>>,
    /// The buffer for the JSON of a request, and then of its reply. Taken out while it is used,
    /// because decoding and encoding run the user's code.
    json: Cell<Vec<u8>>,
    /// A request has run, and its reply has not begun. A Reset frame in its place would say that the
    /// request has not run.
    pub(super) unanswered: Cell<bool>,
}

impl ServerConnection {
    pub(super) fn new(parts: Parts, config: ServerConfig) -> ServerConnection {
        let peer = parts.peer.clone();
        let Ends { inbound, outbound, control } = Ends::new(parts);
        let outbound = Arc::new(Mutex::new(outbound));
        ServerConnection {
            registration: None,
            inbound: SharedInbound::new(inbound),
            lifecycle: Arc::new(Lifecycle::new(Arc::clone(&outbound), control)),
            outbound,
            config,
            peer,
            header: RefCell::default(),
            in_service: Cell::default(),
            deadline: Cell::default(),
            json: Cell::default(),
            unanswered: Cell::default(),
        }
    }

    /// Registers the connection with its server, until it is dropped.
    pub(super) fn register(&mut self, registry: &Arc<Registry>) {
        self.registration = Some(registry.register(&self.lifecycle));
    }

    /// Begins to close the connection; `false` where its peer is told already.
    pub(super) fn begin_closing(&self) -> bool {
        let closes = self.lifecycle.begin_closing();
        if closes && let Some(registration) = &self.registration {
            registration.last_call_ended();
        }
        closes
    }

    pub(super) fn take_json(&self) -> Vec<u8> {
        self.json.take()
    }

    /// Keeps the buffer for the next JSON, unless it is large.
    pub(super) fn keep_json(&self, mut json: Vec<u8>) {
        trim_json(&mut json);
        self.json.set(json);
    }
}

/// The direction from the client. It belongs to the connection's thread, which needs no lock, until
/// that thread shares it: for the rest of the call it is then behind a lock, where a handler's
/// [`OctetReader`](crate::OctetReader) and [`CallContext`](super::CallContext) reach it from any
/// thread.
pub(super) struct SharedInbound {
    /// Has the inbound direction unless it is shared. The numbers are those in `shared`.
    own: RefCell<Receiving>,
    shared: Arc<Mutex<Receiving>>,
    /// Whether it was shared in this call.
    is_shared: Cell<bool>,
    /// [`Receiving::serial`], readable without the lock.
    serial: Cell<u64>,
}

/// The direction from the client, and whose turn it is to read from it.
#[derive(Default)]
pub(super) struct Receiving {
    /// Boxed, because it moves when it is shared.
    pub(super) inbound: Option<Box<Inbound>>,
    /// The number of the present call: a reader of an earlier one may not read.
    pub(super) call: u64,
    /// As `call`, for contexts. A reader's call is over when the reply begins, unless octets go both
    /// ways; a context's call when the reply has ended.
    pub(super) serial: u64,
    /// Why the request could not be read to its end.
    failed: Option<Error>,
}

impl Receiving {
    pub(super) fn inbound(&mut self) -> &mut Inbound {
        self.inbound.as_mut().expect("it is shared as long as a reader of the present call exists")
    }

    /// Notes that the request's body is broken; the first reason stays.
    pub(super) fn fail(&mut self, error: Error) {
        self.failed.get_or_insert(error);
    }
}

impl SharedInbound {
    fn new(inbound: Inbound) -> SharedInbound {
        let own = Receiving { inbound: Some(Box::new(inbound)), ..Receiving::default() };
        let (shared, is_shared, serial) = (Arc::default(), Cell::default(), Cell::default());
        SharedInbound { own: RefCell::new(own), shared, is_shared, serial }
    }

    /// Runs `operate` on the inbound direction. If it is shared, waits until no other thread reads.
    pub(super) fn with<T>(&self, operate: impl FnOnce(&mut Receiving) -> T) -> T {
        let mut own = self.own.borrow_mut();
        if own.inbound.is_some() { operate(&mut own) } else { operate(&mut lock(&self.shared)) }
    }

    /// Asks something about the request without waiting; `false` if another thread reads right now.
    ///
    /// # Errors
    /// Why the request is broken, if a reader has found that out.
    pub(super) fn ask(&self, question: impl FnOnce(&mut Receiving) -> Result<bool>) -> Result<bool> {
        let mut own = self.own.borrow_mut();
        if own.inbound.is_some() {
            return question(&mut own);
        }
        let Some(mut receiving) = try_lock(&self.shared) else { return Ok(false) };
        match receiving.failed.take() {
            Some(error) => Err(error),
            None => question(&mut receiving),
        }
    }

    /// Shares the inbound direction with other threads until the call ends; returns where it is and
    /// the call's `serial`.
    pub(super) fn share(&self) -> (Arc<Mutex<Receiving>>, u64) {
        self.is_shared.set(true);
        // borrowed only if the transport calls this while it is read from: then it is not shared yet
        if let Ok(mut own) = self.own.try_borrow_mut()
            && let Some(inbound) = own.inbound.take()
        {
            lock(&self.shared).inbound = Some(inbound);
        }
        (Arc::clone(&self.shared), self.serial.get())
    }

    /// Ends a call: nobody shares the inbound direction any more.
    ///
    /// # Errors
    /// Why the request is broken, if a reader has found that out.
    pub(super) fn end_call(&self) -> Result<()> {
        if !self.is_shared.take() {
            return Ok(());
        }
        let mut receiving = lock(&self.shared);
        receiving.call += 1;
        receiving.serial += 1;
        self.serial.set(receiving.serial);
        if let Some(inbound) = receiving.inbound.take() {
            self.own.borrow_mut().inbound = Some(inbound);
        }
        receiving.failed.take().map_or(Ok(()), Err)
    }
}
