//! One call, from its beginning to its report.

use std::time::Instant;

use tracing::Level;
use tracing::field::{debug, display};

use crate::error::{Error, ErrorKind};
use crate::message::Status;
use crate::transport::Peer;

use super::{CallReport, ConfiguredObserver, Side, StreamEnd};

/// A call that somebody wants to know about. All times and counts begin with it.
pub(crate) struct Watch {
    side: Side,
    span: tracing::Span,
    begun: Instant,
    /// The traffic of the connection when the call began.
    before: Traffic,
    pub(crate) first_result: Option<Instant>,
    pub(crate) status: Option<Status>,
    pub(crate) error: Option<ErrorKind>,
    pub(crate) stream: Option<StreamEnd>,
    pub(crate) repeated: u32,
}

/// How many bytes a connection has sent and received.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

impl Watch {
    /// Begins to watch a call, unless neither the observer nor a subscriber wants to know.
    pub(crate) fn begin(side: Side, observer: &ConfiguredObserver, span: &tracing::Span) -> Option<Watch> {
        let wanted = observer.get().is_some() || tracing::enabled!(Level::DEBUG);
        wanted.then(|| Watch {
            side,
            span: span.clone(),
            begun: Instant::now(),
            before: Traffic::default(),
            first_result: None,
            status: None,
            error: None,
            stream: None,
            repeated: 0,
        })
    }

    /// Notes the traffic of the call's connection when the call began.
    pub(crate) fn count_from(&mut self, before: Traffic) {
        self.before = before;
    }

    /// The reply has begun, with this status.
    pub(crate) fn reply_begun(&mut self, status: Option<Status>) {
        self.first_result.get_or_insert_with(Instant::now);
        self.status = status;
    }

    /// One of the call's streams has ended.
    pub(crate) fn stream_ended(&mut self, end: StreamEnd) {
        self.stream = self.stream.max(Some(end));
    }

    /// The caller gets this error.
    pub(crate) fn failed(&mut self, error: &Error) {
        self.error = Some(error.kind());
        let _entered = self.span.enter();
        tracing::debug!(%error, "the call failed");
    }

    /// The call has a connection.
    pub(crate) fn connected(&self, peer: &Peer) {
        self.span.record("peer", display(peer));
    }

    /// Reports the end of the call, given the traffic of its connection at the end.
    pub(crate) fn report(
        &self,
        observer: &ConfiguredObserver,
        (service, endpoint): (Option<&str>, &str),
        peer: Option<&Peer>,
        now: Traffic,
    ) {
        let report = CallReport {
            side: self.side,
            service,
            endpoint,
            peer,
            status: self.status,
            error: self.error,
            sent: now.sent.saturating_sub(self.before.sent),
            received: now.received.saturating_sub(self.before.received),
            first_result: self.first_result.map(|at| at.saturating_duration_since(self.begun)),
            elapsed: self.begun.elapsed(),
            stream: self.stream,
            repeated: self.repeated,
        };
        trace(&self.span, &report);
        observer.tell_of(peer, Some(endpoint), |observer| observer.call_ended(&report));
    }
}

/// Completes the call's span, and logs its end.
fn trace(span: &tracing::Span, report: &CallReport<'_>) {
    let CallReport { side, endpoint, peer, status, error, elapsed, stream, .. } = report;
    let (peer, status) = (peer.map(display), status.map(display));
    let (error, stream) = (error.map(display), stream.map(display));
    span.record("status", &status).record("elapsed", debug(elapsed));
    let _entered = span.enter();
    tracing::debug!(side = side.as_str(), endpoint, peer, status, error, stream, ?elapsed, "the call has ended");
}
