//! The options of a single call: how long it may take, what cancels it, and its metadata.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::message::{Metadata, TRACEPARENT};
use crate::transport::CancelToken;

use super::deadline::{Deadline, Scope};

/// The options of the calls of a [`Client`](super::Client) or a [`Session`](super::Session): their
/// metadata, how long each may take, and what cancels them.
///
/// Options are added to those that a client has, wherever they are set: each that is set replaces
/// the former, metadata of the same name included, and the others stay.
///
/// ```
/// use std::time::Duration;
/// use rpc_core::CallOptions;
///
/// let options = CallOptions::default().timeout(Some(Duration::from_secs(2))).metadata("user", "ann");
/// # _ = options;
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct CallOptions {
    /// The outer `Option` is `None` if the client's limit applies.
    timeout: Option<Option<Duration>>,
    /// In the same way.
    stall_timeout: Option<Option<Duration>>,
    token: Option<CancelToken>,
    /// `None` if it is up to the method.
    idempotent: Option<bool>,
    /// When the call that these calls belong to must be over, and its limit.
    outer: Option<(Instant, Option<Duration>)>,
    metadata: Metadata<'static>,
    trace_context: Option<TraceContext>,
}

/// Returns the trace context of a span.
type TraceContext = Arc<dyn Fn(&tracing::Span) -> Option<String> + Send + Sync>;

impl CallOptions {
    /// Sets how long a call may take in total: getting a connection, sending, waiting, and reading
    /// the reply if it is JSON, or the reply's header if it is a stream. `None` is no limit. The
    /// time that is left when the request is sent travels with it, and the handler can read it.
    /// This replaces the client's [`reply_timeout`](crate::ClientConfig::reply_timeout), and unlike
    /// that limit it covers the sending of a stream, up to the reply's header. On Unix it also ends
    /// the wait for a source that is a pipe, a socket or the output of a child; any other source
    /// that blocks is noticed when it returns. A limit of zero fails each call before anything is
    /// sent.
    pub fn timeout(self, limit: Option<Duration>) -> Self {
        CallOptions { timeout: Some(limit), ..self }
    }

    /// Sets how long a stream of the call may make no progress in either direction; `None` is no
    /// limit. This replaces the client's [`stall_timeout`](crate::ClientConfig::stall_timeout), for
    /// a stream that is slow on purpose. The server has a
    /// [limit of its own](crate::ServerConfig::stall_timeout).
    pub fn stall_timeout(self, limit: Option<Duration>) -> Self {
        CallOptions { stall_timeout: Some(limit), ..self }
    }

    /// Lets `token` cancel each call, from any thread; see [`CancelToken`].
    pub fn cancel(self, token: &CancelToken) -> Self {
        CallOptions { token: Some(token.clone()), ..self }
    }

    /// Says whether each call may run twice without harm, which replaces what `#[rpc(idempotent)]`
    /// says of a method. A [`Client`](crate::Client) then repeats a call whose connection is lost,
    /// even if it may have run, unless something of its stream has been consumed;
    /// [`retry_budget`](crate::ClientConfig::retry_budget) bounds that. The time limit covers all
    /// attempts together.
    pub fn idempotent(self, idempotent: bool) -> Self {
        CallOptions { idempotent: Some(idempotent), ..self }
    }

    /// Adds a pair of strings that each call carries to its handler, see
    /// [`CallContext`](crate::CallContext). All pairs and the endpoint's name must fit into a
    /// header of 4 KiB; otherwise the call fails with [`Misuse::Encode`](crate::Misuse::Encode).
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.set(name.into(), value.into());
        self
    }

    /// Sets where the W3C `traceparent` of a call comes from. The library passes the call's span, a
    /// child of the current one, to `hook`, and sends the result as metadata of that name. With
    /// OpenTelemetry, `hook` asks the span for its context; this library does not depend on
    /// OpenTelemetry.
    pub fn trace_context(self, hook: impl Fn(&tracing::Span) -> Option<String> + Send + Sync + 'static) -> Self {
        CallOptions { trace_context: Some(Arc::new(hook)), ..self }
    }

    /// Returns the options of calls that belong to another one, with this deadline.
    pub(super) fn within(deadline: Deadline<'_>) -> CallOptions {
        let outer = deadline.at.map(|at| (at, deadline.limit));
        CallOptions { outer, token: deadline.token.cloned(), ..CallOptions::default() }
    }

    /// Returns these options with those that `more` sets.
    pub(super) fn and(&self, more: CallOptions) -> CallOptions {
        let mut metadata = self.metadata.clone();
        more.metadata.iter().for_each(|(name, value)| metadata.set(name.to_owned(), value.to_owned()));
        CallOptions {
            timeout: more.timeout.or(self.timeout),
            stall_timeout: more.stall_timeout.or(self.stall_timeout),
            token: more.token.or_else(|| self.token.clone()),
            idempotent: more.idempotent.or(self.idempotent),
            outer: more.outer.or(self.outer),
            metadata,
            trace_context: more.trace_context.or_else(|| self.trace_context.clone()),
        }
    }

    /// Returns the metadata of a call in this span.
    pub(crate) fn metadata_for(&self, span: &tracing::Span) -> Metadata<'_> {
        let mut metadata = self.metadata.borrowed();
        if let Some(traceparent) = self.trace_context.as_ref().and_then(|hook| hook(span)) {
            metadata.set(TRACEPARENT, traceparent);
        }
        metadata
    }

    /// Returns how long a call may take, for a client with this limit.
    pub(crate) fn limit(&self, client_limit: Option<Duration>) -> Option<Duration> {
        self.timeout.unwrap_or(client_limit)
    }

    /// Returns the deadline of a call that begins now, for a client with this limit.
    pub(super) fn deadline(&self, client_limit: Option<Duration>) -> Deadline<'_> {
        let scope = if self.timeout.is_some() { Scope::WholeCall } else { Scope::Reply };
        let own = Deadline::new(self.limit(client_limit), scope).or_cancelled_by(self.token.as_ref());
        match self.outer {
            Some((at, limit)) if own.at.is_none_or(|own| at < own) => own.not_after(at, limit),
            _ => own,
        }
    }

    /// Returns whether a call may run twice, of a method that may by itself.
    pub(super) fn is_idempotent(&self, method: bool) -> bool {
        self.idempotent.unwrap_or(method)
    }

    /// Returns how long a stream may make no progress, for a client with this limit.
    pub(super) fn stall_limit(&self, client_limit: Option<Duration>) -> Option<Duration> {
        self.stall_timeout.unwrap_or(client_limit)
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("stall_timeout", &self.stall_timeout)
            .field("token", &self.token)
            .field("idempotent", &self.idempotent)
            .field("metadata", &self.metadata)
            .field("trace_context", &self.trace_context.is_some())
            .finish()
    }
}
