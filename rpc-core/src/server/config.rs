//! The settings of a server.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::message::{Metadata, TRACEPARENT};
use crate::observe::{ConfiguredObserver, Observer};
use crate::transport::{Address, Layer, Parts, ServerSecurity, behind_proxy};

/// The settings of a server. Each limit has a generous default; `None` switches it off.
/// `docs/limits.md` lists all limits with their defaults and reasons.
#[derive(Debug, Clone)]
#[must_use]
pub struct ServerConfig {
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_peer: Option<usize>,
    pub(crate) cleanup_time: Duration,
    pub(crate) handshake_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) request_timeout: Option<Duration>,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) max_json_len: usize,
    pub(crate) stack_size: usize,
    pub(crate) observer: ConfiguredObserver,
    pub(crate) unix_socket_mode: Option<u32>,
    pub(super) describe: bool,
    proxy_protocol: bool,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has this transport"))]
    pub(crate) stdio_banner: bool,
    trace_context: Option<TraceContext>,
    tls: Layer<dyn ServerSecurity>,
}

/// Gives a span the trace context of its caller.
#[derive(Clone)]
struct TraceContext(Arc<TraceHook>);

type TraceHook = dyn Fn(&tracing::Span, &str) + Send + Sync;

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            max_connections: 1024,
            max_connections_per_peer: None,
            cleanup_time: Duration::from_secs(2),
            handshake_timeout: Some(Duration::from_secs(10)),
            idle_timeout: Some(Duration::from_secs(3600)),
            request_timeout: Some(Duration::from_secs(300)),
            stall_timeout: Some(Duration::from_secs(120)),
            max_json_len: 8 * 1024 * 1024,
            stack_size: 2 * 1024 * 1024,
            observer: ConfiguredObserver::default(),
            unix_socket_mode: None,
            describe: false,
            proxy_protocol: false,
            stdio_banner: true,
            trace_context: None,
            tls: Layer::default(),
        }
    }
}

impl ServerConfig {
    /// Sets how many connections are served at once, each on its own thread; 1,024 by default, and
    /// at least one.
    ///
    /// A further one takes the place of the connection that has been idle longest, if that is at
    /// least 1 s: the server closes it with a Reset frame, which says that no request on its way
    /// runs. A client of this library then opens another connection when it needs one; to an
    /// original client it is as if the idle timeout had passed, and what a connection carries in
    /// its [extensions](crate::CallContext::connection_extensions) ends with it. A session that has
    /// served a call is never closed for that, and neither is a transport without
    /// [`Control`](crate::transport::Control).
    ///
    /// If none is idle, the new connection waits for up to 2 s. Then its first call is refused,
    /// with an error that says how busy the server is, and that the call
    /// [never ran](crate::Error::never_ran). Connections that wait, are refused, are still shaking
    /// hands or are being closed have threads as well, and a server has at most `count` + 32 of
    /// them in all. When those are in use, others wait in the system's listen queue.
    pub fn max_connections(self, count: usize) -> Self {
        ServerConfig { max_connections: count.max(1), ..self }
    }

    /// Sets how many connections from one peer are served at once: from one IP address, or from one
    /// user over Unix sockets; by default there is no limit besides
    /// [`max_connections`](ServerConfig::max_connections). Further ones are treated as described
    /// there, with the connections of that peer; of those that find no place, at most 8 at a time
    /// hear the reason, so that one peer cannot keep out others, and the rest get a Reset frame at
    /// once. Peers whose transport tells neither are not limited.
    ///
    /// With [`tls`](ServerConfig::tls), 8 connections more of a peer may shake hands at a time;
    /// further ones are closed at once.
    pub fn max_connections_per_peer(self, count: Option<usize>) -> Self {
        ServerConfig { max_connections_per_peer: count.map(|count| count.max(1)), ..self }
    }

    /// Sets how long a shutdown waits for the handlers whose connections it has cut, so that they
    /// can clean up; 2 s by default. See [`ServerHandle::shutdown`](crate::ServerHandle::shutdown).
    pub fn cleanup_time(self, limit: Duration) -> Self {
        ServerConfig { cleanup_time: limit, ..self }
    }

    /// Sets how long a new connection may take before its first request can be read: for a TLS
    /// handshake; 10 s by default. It has a thread meanwhile.
    pub fn handshake_timeout(self, limit: Option<Duration>) -> Self {
        ServerConfig { handshake_timeout: limit, ..self }
    }

    /// Sets how long a connection may be idle between two calls before it is closed; one hour by
    /// default. A client's pool then opens another connection; a session has ended.
    pub fn idle_timeout(self, limit: Option<Duration>) -> Self {
        ServerConfig { idle_timeout: limit, ..self }
    }

    /// Sets how long a request's header and JSON may take from the first byte to the last; 5
    /// minutes by default. It limits neither a stream nor the handler.
    pub fn request_timeout(self, limit: Option<Duration>) -> Self {
        ServerConfig { request_timeout: limit, ..self }
    }

    /// Sets how long a body may make no progress: a stream that a handler reads, or a reply that
    /// the client does not read; 2 minutes by default. Each byte that moves renews it.
    pub fn stall_timeout(self, limit: Option<Duration>) -> Self {
        ServerConfig { stall_timeout: limit, ..self }
    }

    /// Sets the maximum size of a JSON request or reply in bytes; 8 MiB by default. A larger
    /// request is refused with a RequestError, a larger reply becomes a ServerError. Each item
    /// of a stream of values may have as many; the stream has no limit, and neither has one of
    /// octets.
    ///
    /// The default is enough for a list of 60,000 entries of 140 bytes, which is more than most
    /// calls return at once; reading it takes 32 MiB of memory. Twice the limit would help few
    /// services and let each hostile client use twice as much memory.
    ///
    /// # What a limit costs
    ///
    /// The limit counts bytes of text, and the value that the text becomes takes more. This is how
    /// many bytes of heap a server needs at most for each byte of a request while it reads it,
    /// including the text itself, on a 64-bit machine; a client needs as many for a reply:
    ///
    /// | type | body | factor |
    /// |---|---|---|
    /// | `Value` | `[{"":{"":…}},…]`, 120 deep | 130 |
    /// | `Value` | `[{"":0},…]` | 106 |
    /// | `Value` | `[0,…]` | 50 |
    /// | `Value` | `[[],…]` | 34 |
    /// | `Value` | entries of 140 bytes | 8 |
    /// | `Vec<Entry>` whose fields have defaults | `[{},…]` | 66 |
    /// | `Vec<String>` | `["",…]` | 26 |
    /// | `Vec<String>` | names of 24 bytes | 5 |
    /// | `HashMap<String, u64>` | `{"0":0,"1":0,…}` | 15 |
    /// | `HashMap<String, u64>` | names of 24 bytes | 6 |
    /// | `BTreeMap<String, u64>` | `{"0":0,"1":0,…}` | 10 |
    /// | `Vec<Entry>` | `[{"name":"","size":0,…},…]` | 6 |
    /// | `Vec<Entry>` | entries of 140 bytes | 4 |
    /// | `Vec<u8>` | `[0,…]` | 4 |
    ///
    /// `Value` is that of `serde_json`, and an `Entry` has `name: String, size: u64, modified: u64,
    /// hash: String`. For other types: a list needs up to three times the size of each element,
    /// because it is copied as it grows, and the text up to three times its length. The allocator
    /// adds some bytes to each small allocation.
    ///
    /// So choose at least the number of entries in the largest list that you send times the bytes
    /// of one, and at most what you can afford: hostile clients can make a server allocate the
    /// factor times the limit times [`max_connections`](ServerConfig::max_connections). Your own
    /// types cost less than `Value`. For more than the limit, send pages or a stream.
    pub fn max_json_len(self, bytes: usize) -> Self {
        ServerConfig { max_json_len: bytes, ..self }
    }

    /// Sets the size of each connection's stack in bytes; 2 MiB by default. This is address space,
    /// and memory is taken only when it is used: 5,000 idle connections take as much memory with
    /// stacks of 256 KiB as with the default, about 25 KiB each in a release build, heap included.
    ///
    /// A smaller stack saves address space but is less safe: decoding JSON takes stack for each
    /// level of nesting, of which a client may send 127. With a recursive type of a few fields that
    /// was up to 256 KiB in a release build and 1 MiB in a debug build, and a stack overflow ends
    /// the process.
    pub fn stack_size(self, bytes: usize) -> Self {
        ServerConfig { stack_size: bytes, ..self }
    }

    /// Sets whether the server tells clients what it offers, by
    /// [`Client::describe`](crate::Client::describe) or the program `rpc`; `false` by default,
    /// because that tells strangers what is there: each service and method with its documentation,
    /// the names of its parameters and, with the feature `schema`, the shape of each value.
    ///
    /// **Whoever may connect may ask.** No handler runs, and a check around the services is not
    /// asked; only a factory that refuses the peer, a certificate and the permissions of a socket
    /// keep somebody out. [`max_json_len`](ServerConfig::max_json_len) limits the description as it
    /// does any reply. See `docs/describing.md`.
    pub fn describe(self, allowed: bool) -> Self {
        ServerConfig { describe: allowed, ..self }
    }

    /// Sets who is told about the server's connections and calls; by default nobody is. Without an
    /// observer this costs nothing, and with one the kernel goes on moving bytes.
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        ServerConfig { observer: ConfiguredObserver::new(observer), ..self }
    }

    /// Sets the permissions of the file of a Unix socket that the server binds, such as `0o600` for
    /// its own user alone, or `0o660` for its group as well; `None` by default, which means that
    /// the umask of the process decides. Nobody can connect before they are set.
    ///
    /// Connecting takes the permission to write, on Linux and most other systems; some old ones
    /// ignore the file's permissions. Those of its folder count everywhere. Which user then calls,
    /// [`Peer::credentials`](crate::Peer::credentials) says. This has no effect on other sockets,
    /// or on a listener that you pass to [`Server::new_with`](crate::Server::new_with).
    pub fn unix_socket_mode(self, mode: Option<u32>) -> Self {
        ServerConfig { unix_socket_mode: mode, ..self }
    }

    /// Sets whether each connection begins with a header of the PROXY protocol, version 2, by which
    /// a balancer says who its client is; `false` by default. The [`Peer`](crate::Peer) is then the
    /// client, with the balancer as its [proxy](crate::Peer::proxy), and
    /// [`max_connections_per_peer`](ServerConfig::max_connections_per_peer) counts the client's
    /// connections. If the balancer says that it connects for itself, it is the peer, without a
    /// proxy. If it does not name its client, the peer has a
    /// [description](crate::PeerAddress::Other) in place of an address.
    ///
    /// **Anybody can write such a header.** A server with this setting must be reachable from the
    /// balancer only; if clients connect directly as well, serve them on another server. Do not
    /// trust the balancer's own address or user: HAProxy says that it connects for itself when it
    /// checks a server, and version 2.6 does so for clients of its Unix sockets as well.
    ///
    /// A connection that does not begin with a valid header within 5 s is closed without a reply,
    /// which is logged at the level DEBUG. Version 1 of the header, and one with more than 4 KiB of
    /// addresses and extensions, are not valid. Extensions are skipped.
    pub fn proxy_protocol(self, expected: bool) -> Self {
        ServerConfig { proxy_protocol: expected, ..self }
    }

    /// Reads what a proxy says about its client, if that is expected. Blocks for at most `limit`.
    pub(super) fn behind_proxy(&self, parts: Parts, limit: Duration) -> io::Result<Parts> {
        if self.proxy_protocol { behind_proxy(parts, Instant::now() + limit) } else { Ok(parts) }
    }

    /// Sets whether `serve_stdio` and its client greet each other before the first frame; by
    /// default they do, and the client's greeting has to arrive within
    /// [`request_timeout`](ServerConfig::request_timeout). Switch it off for clients that speak the
    /// bare protocol, as an original does. This has no effect on other transports.
    pub fn stdio_banner(self, greet: bool) -> Self {
        ServerConfig { stdio_banner: greet, ..self }
    }

    /// Sets what happens with the W3C `traceparent` that a call carries: `hook` is called with the
    /// call's span, before it is entered, and the text. With OpenTelemetry, `hook` sets the span's
    /// parent; this library does not depend on it.
    pub fn trace_context(self, hook: impl Fn(&tracing::Span, &str) + Send + Sync + 'static) -> Self {
        ServerConfig { trace_context: Some(TraceContext(Arc::new(hook))), ..self }
    }

    /// Sets what secures each connection, such as an `rpc_tls::TlsAcceptor`, whatever the server
    /// listens on: a `tls://` address, which needs this, a socket that you have bound, or a
    /// [`Listener`](crate::transport::Listener) of your own. The handshake takes place on the
    /// connection's own thread, within [`handshake_timeout`](ServerConfig::handshake_timeout); if
    /// it fails, that is logged at DEBUG, and only that connection ends.
    pub fn tls(self, security: impl ServerSecurity) -> Self {
        ServerConfig { tls: Layer(Some(Arc::new(security))), ..self }
    }

    /// Returns whether connections are secured.
    pub(super) fn has_tls(&self) -> bool {
        self.tls.0.is_some()
    }

    /// Returns where clients find a server that listens at this address.
    pub(super) fn reached_at(&self, address: Address) -> Address {
        match address {
            Address::Tcp(place) if self.has_tls() => Address::Tls(place),
            address => address,
        }
    }

    /// Secures a connection, if that is wanted, which may block for a handshake. The error names
    /// the peer.
    pub(super) fn secure(&self, parts: Parts) -> io::Result<Parts> {
        let Some(security) = &self.tls.0 else { return Ok(parts) };
        let peer = parts.peer.clone();
        let until = self.handshake_timeout.and_then(|limit| Instant::now().checked_add(limit));
        security.secure(parts, until).map_err(|error| io::Error::new(error.kind(), format!("{peer}: {error}")))
    }

    /// Calls the hook if the caller sent a trace context.
    pub(super) fn adopt_trace(&self, span: &tracing::Span, metadata: &Metadata<'_>) {
        if let (Some(TraceContext(hook)), Some(traceparent)) = (&self.trace_context, metadata.get(TRACEPARENT)) {
            hook(span, traceparent);
        }
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TraceContext")
    }
}
