//! What a client can be told.

use std::time::Duration;

/// How a client behaves. Each limit has a generous default; `None` switches it off.
///
/// ```
/// use std::time::Duration;
/// use rpc_core::ClientConfig;
///
/// let config = ClientConfig::default().reply_timeout(Some(Duration::from_secs(2))).max_idle_connections(1);
/// # _ = config;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ClientConfig {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) reply_timeout: Option<Duration>,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) close_timeout: Option<Duration>,
    pub(crate) max_json_len: usize,
    pub(crate) max_idle_connections: usize,
    pub(crate) max_connections: usize,
    pub(crate) reconnect_attempts: u32,
    pub(crate) shared_connections: usize,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            connect_timeout: Some(Duration::from_secs(60)),
            reply_timeout: Some(Duration::from_secs(300)),
            stall_timeout: Some(Duration::from_secs(120)),
            close_timeout: Some(Duration::from_secs(5)),
            max_json_len: 8 * 1024 * 1024,
            max_idle_connections: 4,
            max_connections: usize::MAX,
            reconnect_attempts: 6,
            shared_connections: 0,
        }
    }
}

impl ClientConfig {
    /// How long opening a connection may take, all addresses of a name together; 60 s. Looking up the name is the
    /// system's affair and not included.
    pub fn connect_timeout(self, limit: Option<Duration>) -> Self {
        ClientConfig { connect_timeout: limit, ..self }
    }

    /// How long a reply may take, from the end of the request until its header has come, or until all of it has come where
    /// it is JSON; 5 minutes. A handler that works longer than that makes the call fail, so choose more for such. The same
    /// time is the most that a call waits for a free connection.
    pub fn reply_timeout(self, limit: Option<Duration>) -> Self {
        ClientConfig { reply_timeout: limit, ..self }
    }

    /// How long a body may go without progress, in either direction; 2 minutes. It is renewed by each byte of a body that
    /// moves, so a stream may take any time in all. Peers that gather much before they send (original ones gather 4 MiB)
    /// look stalled meanwhile.
    pub fn stall_timeout(self, limit: Option<Duration>) -> Self {
        ClientConfig { stall_timeout: limit, ..self }
    }

    /// How long the Close handshake may take; 5 s. Dropping a client takes a tenth of it at most.
    pub fn close_timeout(self, limit: Option<Duration>) -> Self {
        ClientConfig { close_timeout: limit, ..self }
    }

    /// The most bytes of a JSON request or reply; 8 MiB. Larger ones are refused, and the call fails with
    /// [`Error::Limit`](crate::Error::Limit). Streams have no limit.
    ///
    /// How to choose it, and how much memory a hostile server can make a client take, is told by
    /// [`ServerConfig::max_json_len`](crate::ServerConfig::max_json_len).
    pub fn max_json_len(self, bytes: usize) -> Self {
        ClientConfig { max_json_len: bytes, ..self }
    }

    /// How many idle connections a [`Client`](crate::Client) keeps open; 4. With 0, each call opens its own.
    pub fn max_idle_connections(self, count: usize) -> Self {
        ClientConfig { max_idle_connections: count, ..self }
    }

    /// How many times a [`Client`](crate::Client) that had connected asks again when a further connection is refused; 6. The
    /// pauses grow from 10 ms to twice as much each time, each with a random part, so six are about 0.6 s in all. They
    /// count towards the call's time.
    pub fn reconnect_attempts(self, count: u32) -> Self {
        ClientConfig { reconnect_attempts: count, ..self }
    }

    /// Over how many connections the callers of a [`Client`](crate::Client) share the way for their small calls
    /// (pipelining); 0, which is off: each call has a connection to itself. A small call is one whose request is JSON of up
    /// to 4 KiB, and whose reply is JSON.
    ///
    /// Requests of several threads then leave together, and their replies come together, which saves most of the system
    /// calls. It is for many callers and quick handlers: **the server answers the calls of a connection one after the
    /// other**, so a slow handler, or a large reply, holds up the calls after it, and a handler that waits for another call
    /// of the same client may wait for one that comes after its own, until a time limit ends that. As long as no more calls
    /// are open than there are shared connections, each still has one to itself.
    ///
    /// Each shared connection has a thread, which is started when it is needed and ends when there has been no call for a
    /// second. A request is sent at once on an idle connection, otherwise together with others, when a reply comes or some
    /// milliseconds later. A caller alone waits longer than without sharing, because two threads take part in its call.
    ///
    /// A caller whose time is over leaves; the connection then takes no further calls, and is closed when those whose
    /// requests have been sent have ended. When it fails, each call on it is told whether it may have run.
    ///
    /// Larger requests, calls with octets, [`Client::pipeline`](crate::Client::pipeline) and [`Session`](crate::Session)s
    /// have connections of their own. All of them count for [`max_connections`](ClientConfig::max_connections), which no
    /// sharing exceeds: a client of a single given transport shares that one. At least as many as are shared stay open when
    /// they are idle.
    pub fn shared_connections(self, count: usize) -> Self {
        ClientConfig { shared_connections: count, ..self }
    }

    /// How many connections a [`Client`](crate::Client) may have open at once; no limit. A call beyond it waits for one,
    /// or fails with [`Misuse::Busy`](crate::Misuse::Busy) where waiting could not end.
    pub fn max_connections(self, count: usize) -> Self {
        ClientConfig { max_connections: count.max(1), ..self }
    }
}
