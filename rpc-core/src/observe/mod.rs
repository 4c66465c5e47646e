//! What a server or a client tells about its connections and calls: to an observer, and to the
//! subscribers of `tracing`.
//!
//! Neither costs anything if nobody wants to know: a call then reads no clock for this.

mod ended;
mod report;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::field::display;

use crate::transport::Peer;
use crate::unwind;

pub use ended::Ended;
pub use report::{CallReport, StreamEnd};
pub(crate) use watch::{Traffic, Watch};

use crate::error::ErrorKind;

/// Is told about connections and calls, for metrics and audits. Given to
/// [`ServerConfig::observer`](crate::ServerConfig::observer) and
/// [`ClientConfig::observer`](crate::ClientConfig::observer); one may serve both.
///
/// Each method has a default that does nothing. They are called on the thread of the connection or
/// of the call, which waits for them, so they must be quick. A panic in one is logged and ignored.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use rpc_core::{CallReport, Observer, ServerConfig};
///
/// #[derive(Default)]
/// struct Uploaded(AtomicU64);
///
/// impl Observer for Uploaded {
///     fn call_ended(&self, call: &CallReport<'_>) {
///         self.0.fetch_add(call.received, Ordering::Relaxed);
///     }
/// }
///
/// let uploaded = Arc::new(Uploaded::default());
/// let config = ServerConfig::default().observer(uploaded.clone());
/// # _ = config;
/// ```
pub trait Observer: Send + Sync {
    /// A connection is open: a client has opened it, or a server has accepted it and has a service
    /// for it.
    fn connection_opened(&self, connection: &ConnectionInfo<'_>) {
        _ = connection;
    }

    /// A connection that was [open](Observer::connection_opened) is closed. `end` says why; the
    /// error is that of the call or the wait that failed.
    fn connection_closed(&self, connection: &ConnectionInfo<'_>, end: Result<Ended, ErrorKind>) {
        _ = (connection, end);
    }

    /// A server has refused a connection, and says why to its client.
    fn connection_refused(&self, connection: &ConnectionInfo<'_>, reason: &str) {
        _ = (connection, reason);
    }

    /// A call has ended: its reply has been sent or received to its end, its stream included, or it
    /// has failed. Control requests, such as Close, are not calls.
    fn call_ended(&self, call: &CallReport<'_>) {
        _ = call;
    }

    /// A call of a client had to wait for a connection, because
    /// [`max_connections`](crate::ClientConfig::max_connections) were in use.
    fn pool_waited(&self, waited: Duration) {
        _ = waited;
    }
}

/// The observer of a config, if it has one.
#[derive(Clone, Default)]
pub(crate) struct ConfiguredObserver(Option<Arc<dyn Observer>>);

impl ConfiguredObserver {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> ConfiguredObserver {
        ConfiguredObserver(Some(observer))
    }

    pub(crate) fn get(&self) -> Option<&dyn Observer> {
        self.0.as_deref()
    }

    /// Tells the observer, if there is one.
    pub(crate) fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        self.tell_of(None, None, tell);
    }

    /// Tells the observer, if there is one, something of a peer and an endpoint.
    pub(crate) fn tell_of(&self, peer: Option<&Peer>, endpoint: Option<&str>, tell: impl FnOnce(&dyn Observer)) {
        if let Some(observer) = self.get()
            && unwind::catch(|| tell(observer)).is_none()
        {
            let peer = peer.map(display);
            tracing::error!(peer, endpoint, "an observer panicked");
        }
    }
}

impl fmt::Debug for ConfiguredObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Some(Observer)" } else { "None" })
    }
}

/// Which side of a connection reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// A client.
    Client,
    /// A server.
    Server,
}

impl Side {
    /// Returns `"client"` or `"server"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }
}

/// A connection, as an [`Observer`] is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo<'a> {
    /// Which side reports.
    pub side: Side,
    /// The other end.
    pub peer: &'a Peer,
}

impl<'a> ConnectionInfo<'a> {
    pub(crate) fn new(side: Side, peer: &'a Peer) -> ConnectionInfo<'a> {
        ConnectionInfo { side, peer }
    }
}
