//! What a single call can be told: how long it may take, and what it carries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::message::{Metadata, TRACEPARENT};

use super::deadline::{Deadline, Scope};

/// What the calls of a [`Client`](super::Client) or a [`Session`](super::Session) carry, and how long each may take.
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
    /// Outer: whether it is set here at all.
    timeout: Option<Option<Duration>>,
    metadata: Metadata<'static>,
    trace_context: Option<TraceContext>,
}

/// Finds the trace context of a span.
type TraceContext = Arc<dyn Fn(&tracing::Span) -> Option<String> + Send + Sync>;

impl CallOptions {
    /// How long a call may take in all: getting a connection, sending, waiting, and reading a reply that is JSON, or the
    /// header of one that is a stream. What is left of it when the request is sent travels with it, so that the handler can
    /// see it. It replaces the client's [`reply_timeout`](crate::ClientConfig::reply_timeout), and unlike that it covers
    /// the sending of a stream; `None` is no limit.
    pub fn timeout(self, limit: Option<Duration>) -> Self {
        CallOptions { timeout: Some(limit), ..self }
    }

    /// A pair of text that each call carries to its handler, see [`CallContext`](crate::CallContext). All of them have to
    /// fit into a header of 4 KiB together with the endpoint's name; a call whose pairs do not is
    /// [`Misuse::Encode`](crate::Misuse::Encode).
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.set(name.into(), value.into());
        self
    }

    /// Where the W3C `traceparent` of a call comes from: `hook` is given the call's span, which is a child of the one that
    /// is current, and what it returns travels as metadata of that name. With OpenTelemetry it asks the span for its
    /// context; this library depends on none.
    pub fn trace_context(self, hook: impl Fn(&tracing::Span) -> Option<String> + Send + Sync + 'static) -> Self {
        CallOptions { trace_context: Some(Arc::new(hook)), ..self }
    }

    /// What a call in this span carries.
    pub(crate) fn metadata_for(&self, span: &tracing::Span) -> Metadata<'_> {
        let mut metadata = self.metadata.borrowed();
        if let Some(traceparent) = self.trace_context.as_ref().and_then(|hook| hook(span)) {
            metadata.set(TRACEPARENT, traceparent);
        }
        metadata
    }

    /// How long a call may take, for a client with this limit.
    pub(crate) fn limit(&self, client_limit: Option<Duration>) -> Option<Duration> {
        self.timeout.unwrap_or(client_limit)
    }

    /// The deadline of a call that begins now, for a client with this limit.
    pub(super) fn deadline(&self, client_limit: Option<Duration>) -> Deadline {
        let scope = if self.timeout.is_some() { Scope::WholeCall } else { Scope::Reply };
        Deadline::new(self.limit(client_limit), scope)
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("metadata", &self.metadata)
            .field("trace_context", &self.trace_context.is_some())
            .finish()
    }
}
