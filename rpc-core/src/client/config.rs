//! The settings of a client.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::observe::{ConfiguredObserver, Observer};
use crate::transport::{ClientSecurity, Layer};

use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::resolver::Resolver;
use super::settings::Settings;

/// The settings of a client. Each limit has a generous default; `None` is no limit.
/// `docs/limits.md` lists all limits with their defaults and reasons.
///
/// ```
/// use std::time::Duration;
/// use rpc_core::ClientConfig;
///
/// let config = ClientConfig::default().reply_timeout(Some(Duration::from_secs(2))).max_idle_connections(1);
/// # _ = config;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientConfig {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) max_idle_connections: usize,
    pub(crate) max_connections: usize,
    pub(crate) reconnect_attempts: u32,
    pub(crate) shared_connections: usize,
    pub(crate) allow_exec: bool,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has this transport"))]
    pub(crate) stdio_banner: bool,
    pub(crate) max_connection_age: Option<Duration>,
    pub(crate) retry_budget: u32,
    pub(super) resolver: Resolver,
    pub(super) on_connect: ConfiguredHook,
    pub(super) tls: Layer<dyn ClientSecurity>,
    /// What each connection has to know as well.
    pub(super) settings: Settings,
}

/// What is done with each new connection before a call may use it.
pub(super) trait OnConnect: Send + Sync {
    /// Returns the connection if it can be used. The call that needs it has to be over at
    /// `deadline`.
    fn prepare(
        &self,
        connection: Box<ClientConnection>,
        config: ClientConfig,
        deadline: Deadline<'_>,
    ) -> Result<Box<ClientConnection>, Unprepared>;
}

/// Why a new connection cannot be used.
pub(super) struct Unprepared {
    pub(super) error: Error,
    /// The connection was lost or refused, so that another place may be better.
    pub(super) lost: bool,
}

/// The hook that a config may have.
#[derive(Clone, Default)]
pub(super) struct ConfiguredHook(pub(super) Option<Arc<dyn OnConnect>>);

impl fmt::Debug for ConfiguredHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "None" })
    }
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            connect_timeout: Some(Duration::from_secs(60)),
            max_idle_connections: 4,
            max_connections: usize::MAX,
            reconnect_attempts: 6,
            shared_connections: 0,
            allow_exec: false,
            stdio_banner: true,
            max_connection_age: None,
            retry_budget: 10,
            resolver: Resolver::default(),
            on_connect: ConfiguredHook::default(),
            tls: Layer::default(),
            settings: Settings::default(),
        }
    }
}

impl ClientConfig {
    /// Sets how long opening a connection may take, all places and a handshake together; the
    /// default is 60 s. If there are several places, each but the last gets at most 5 s, so that
    /// one that does not answer leaves time for the others. Looking up a name is not included: the
    /// system decides how long that takes.
    pub fn connect_timeout(self, limit: Option<Duration>) -> Self {
        ClientConfig { connect_timeout: limit, ..self }
    }

    /// Sets how long a reply may take; the default is 5 minutes. The time counts from the end of
    /// the request until the reply's header has arrived, or all of the reply if it is JSON. If a
    /// handler works longer, the call fails, so choose a higher limit for slow handlers. A call
    /// waits at most as long for a free connection.
    pub fn reply_timeout(self, limit: Option<Duration>) -> Self {
        self.with_settings(|settings| settings.reply_timeout = limit)
    }

    /// Sets how long a body may make no progress in either direction; the default is 2 minutes.
    /// Each byte of a body that moves renews the limit, so a stream may take any time in total. A
    /// peer that gathers much before it sends looks stalled meanwhile (original peers gather 4
    /// MiB).
    pub fn stall_timeout(self, limit: Option<Duration>) -> Self {
        self.with_settings(|settings| settings.stall_timeout = limit)
    }

    /// Sets how long the Close handshake may take; the default is 5 s. At most a tenth of it passes
    /// when a client is dropped, and when a server is asked to end a stream that a
    /// [`CancelToken`](crate::CancelToken) has cancelled.
    pub fn close_timeout(self, limit: Option<Duration>) -> Self {
        self.with_settings(|settings| settings.close_timeout = limit)
    }

    /// Sets the largest size of a JSON request or reply, in bytes; the default is 8 MiB. A call
    /// with a larger one fails with [`Error::Limit`](crate::Error::Limit). Each item of a stream of
    /// values may have as many; the stream has no limit, and neither has one of octets.
    ///
    /// [`ServerConfig::max_json_len`](crate::ServerConfig::max_json_len) describes how to choose
    /// it, and how much memory a hostile server can make a client use.
    pub fn max_json_len(self, bytes: usize) -> Self {
        self.with_settings(|settings| settings.max_json_len = bytes)
    }

    /// Sets how many idle connections a [`Client`](crate::Client) keeps open; the default is 4.
    /// With 0, each call opens its own connection.
    pub fn max_idle_connections(self, count: usize) -> Self {
        ClientConfig { max_idle_connections: count, ..self }
    }

    /// Sets how many times a [`Client`](crate::Client) that has connected before retries when
    /// opening another connection is refused; the default is 6. The pauses start at 10 ms and
    /// double each time, each with a random part, so six of them take about 0.6 s in total. They
    /// count towards the call's time.
    pub fn reconnect_attempts(self, count: u32) -> Self {
        ClientConfig { reconnect_attempts: count, ..self }
    }

    /// Sets how many connections the callers of a [`Client`](crate::Client) share for small calls
    /// (pipelining). The default is 0, which is off: each call has a connection to itself. A call
    /// is small if its request is JSON of at most 4 KiB and its reply is JSON.
    ///
    /// Requests of several threads then leave together, and their replies arrive together, which
    /// saves most of the system calls. This suits many callers and quick handlers: **the server
    /// answers the calls of a connection one after the other**, so a slow handler, or a large
    /// reply, delays the calls after it. A handler that waits for another call of the same client
    /// may wait for one that is queued after its own, until a time limit ends the wait. While no
    /// more calls are open than there are shared connections, each call has a connection to itself.
    ///
    /// Each shared connection has a thread, which starts when it is needed and ends after a second
    /// without calls. A request is sent at once on an idle connection, otherwise together with
    /// others, when a reply arrives or some milliseconds later. A lone caller waits longer than
    /// without sharing, because two threads take part in its call.
    ///
    /// When a call's time is over, it fails at once. If its request had been sent, the connection
    /// takes no further calls, and is closed once all calls whose requests have been sent have
    /// ended. If the connection fails, the error of each call on it says whether the call may have
    /// run.
    ///
    /// Larger requests, calls with octets, [`Client::pipeline`](crate::Client::pipeline) and
    /// [`Session`](crate::Session)s use connections of their own. All connections of a client count
    /// towards [`max_connections`](ClientConfig::max_connections), which also limits how many are
    /// shared: a client of a single given transport shares that one. At least as many idle
    /// connections stay open as are shared.
    pub fn shared_connections(self, count: usize) -> Self {
        ClientConfig { shared_connections: count, ..self }
    }

    /// Sets who is told about the client's connections and calls; by default nobody is. Without an
    /// observer this costs nothing, and with one the kernel goes on moving bytes.
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        self.with_settings(|settings| settings.observer = ConfiguredObserver::new(observer))
    }

    /// Sets how many connections a [`Client`](crate::Client) may have open at once, at least 1; by
    /// default there is no limit. When all are in use, a call waits for one, or fails with
    /// [`Misuse::Busy`](crate::Misuse::Busy) if the wait could never end.
    pub fn max_connections(self, count: usize) -> Self {
        ClientConfig { max_connections: count.max(1), ..self }
    }

    /// Sets whether an address may start a command, as `exec:ssh host mirror serve-stdio /data`
    /// does; by default it may not, because an address that comes from elsewhere must not run
    /// commands here. `Client::from_command` does not need it.
    pub fn allow_exec(self, allow: bool) -> Self {
        ClientConfig { allow_exec: allow, ..self }
    }

    /// Sets whether a child process and its client greet each other before the first frame; by
    /// default they do. Without it, the child is expected to speak the bare protocol from its first
    /// byte, as an original does and `serve_stdio` with the setting of the same name of
    /// [`ServerConfig`](crate::ServerConfig); whatever else it prints breaks the protocol. This has
    /// no effect on other transports.
    pub fn stdio_banner(self, greet: bool) -> Self {
        ClientConfig { stdio_banner: greet, ..self }
    }

    /// Sets how old a connection of a [`Client`](crate::Client) may become; the default is `None`,
    /// any age. After this time, or up to a tenth more or less, it takes no further call, and is
    /// closed when its last one has ended. So the connections spread again over all servers after
    /// some were started anew, which without a limit they do only when they are opened for other
    /// reasons. A [`Session`](crate::Session), and a client of a single given transport, keep their
    /// connection.
    pub fn max_connection_age(self, limit: Option<Duration>) -> Self {
        ClientConfig { max_connection_age: limit, ..self }
    }

    /// Sets how many calls a [`Client`](crate::Client) repeats in a row before it has to earn more;
    /// the default is 10. Ten calls that are answered earn one repetition, so in an outage the
    /// servers get at most a tenth more calls. With 0, none is repeated. A call whose idle
    /// connection had ended before it was sent costs nothing.
    ///
    /// `docs/fail-over.md` says which calls are repeated.
    pub fn retry_budget(self, calls: u32) -> Self {
        ClientConfig { retry_budget: calls, ..self }
    }

    /// Sets what looks up the names of hosts, which by default is the system. It gets the name and
    /// the port, and returns all addresses of servers; a client connects to any of them. It is
    /// asked for each new connection, on the thread that waits for it, so it may follow servers
    /// that come and go, and must not take long. If it fails, its last answer holds.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use rpc_core::{ClientConfig, Result};
    ///
    /// let config = ClientConfig::default().resolver(|host, port| match host {
    ///     "vault" => Ok(vec![SocketAddr::from(([10, 0, 0, 1], port)), SocketAddr::from(([10, 0, 0, 2], port))]),
    ///     _ => Err(std::io::Error::other("there is no such service")),
    /// });
    /// # _ = config;
    /// ```
    pub fn resolver(self, look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        ClientConfig { resolver: Resolver::by(look_up), ..self }
    }

    /// Sets what secures connections to `tls://` addresses, such as an `rpc_tls::TlsConnector`;
    /// without it, connecting to them fails. **Connections to `tcp://` addresses stay plain text.**
    /// The handshake counts towards [`connect_timeout`](ClientConfig::connect_timeout).
    pub fn tls(self, security: impl ClientSecurity) -> Self {
        ClientConfig { tls: Layer(Some(Arc::new(security))), ..self }
    }

    fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}
