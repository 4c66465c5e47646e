//! A call that an observer or a subscriber wants to know about.
//!
//! It goes where the call goes: with the request until there is a connection, then with the lease,
//! an item of a pipeline, or the call of a shared connection. Wherever the call ends, dropping this
//! reports it. So each call is reported once, also if a panic ends it.

use std::sync::Arc;
use std::time::Instant;

use tracing::field::Empty;

use crate::error::{Error, ErrorKind};
use crate::message::Status;
use crate::observe::{ConfiguredObserver, Side, StreamEnd, Traffic, Watch};
use crate::transport::Peer;

use super::connection::ClientConnection;

/// Returns the span of a call.
pub(super) fn call_span(endpoint: &str) -> tracing::Span {
    let side = Side::Client.as_str();
    tracing::debug_span!("rpc_call", side, endpoint, peer = Empty, status = Empty, elapsed = Empty)
}

/// A call that somebody wants to know about, until its end.
pub(super) struct WatchedCall {
    watch: Watch,
    observer: ConfiguredObserver,
    service: Option<&'static str>,
    endpoint: Box<str>,
    pub(super) seen: Seen,
}

/// What connections have shown of a call.
#[derive(Default)]
pub(super) struct Seen {
    peer: Option<Arc<Peer>>,
    status: Option<Status>,
    first_result: Option<Instant>,
    traffic: Traffic,
    /// How many connections the call has had.
    connections: u32,
}

impl Seen {
    /// The call has this connection.
    pub(super) fn connected(&mut self, connection: &mut ClientConnection) {
        connection.watched = true;
        self.peer = Some(Arc::clone(&connection.peer));
        self.connections += 1;
    }

    /// The call has sent this many bytes.
    pub(super) fn sent(&mut self, bytes: u64) {
        self.traffic.sent += bytes;
    }

    /// The connection has failed before this many of the bytes were sent.
    pub(super) fn not_sent(&mut self, bytes: u64) {
        self.traffic.sent = self.traffic.sent.saturating_sub(bytes);
    }

    /// The connection's current turn, which is the call's, has received what it will.
    pub(super) fn received(&mut self, connection: &ClientConnection) {
        self.status = connection.turn.status();
        self.first_result = connection.replied_at;
        self.traffic.received += connection.turn_traffic().received;
    }
}

impl WatchedCall {
    /// Begins to watch a call, if somebody wants to know.
    pub(super) fn begin(
        observer: &ConfiguredObserver,
        service: Option<&'static str>,
        endpoint: &str,
        span: &tracing::Span,
    ) -> Option<Box<WatchedCall>> {
        let watch = Watch::begin(Side::Client, observer, span)?;
        let (observer, endpoint) = (observer.clone(), endpoint.into());
        Some(Box::new(WatchedCall { watch, observer, service, endpoint, seen: Seen::default() }))
    }

    /// The call has this connection.
    pub(super) fn connected(&mut self, connection: &mut ClientConnection) {
        self.watch.connected(&connection.peer);
        self.seen.connected(connection);
    }

    /// Takes over what a shared connection has shown of the call.
    pub(super) fn saw(&mut self, seen: Seen) {
        if let Some(peer) = &seen.peer {
            self.watch.connected(peer);
        }
        self.seen = seen;
    }

    /// The caller gets this error.
    pub(super) fn failed(&mut self, error: &Error) {
        self.watch.failed(error);
    }

    /// The call's streams end in the connection's current turn: what is left of them is not wanted.
    pub(super) fn streams_ended(&mut self, connection: &ClientConnection) {
        if connection.turn.request_has_octets() {
            self.watch.stream_ended(self.request_end(connection));
        }
        if connection.turn.reply_has_octets() {
            self.watch.stream_ended(self.reply_end(connection));
        }
    }

    fn request_end(&self, connection: &ClientConnection) -> StreamEnd {
        let turn = &connection.turn;
        let stopped = !turn.sending() || turn.must_stop();
        let unwanted = !turn.reply_awaited() && !connection.has_failed();
        if turn.request_is_whole() {
            StreamEnd::Completed
        } else if self.watch.error != Some(ErrorKind::Source) && (stopped || unwanted) {
            StreamEnd::Cancelled
        } else {
            StreamEnd::Broke
        }
    }

    fn reply_end(&self, connection: &ClientConnection) -> StreamEnd {
        if connection.reply_is_whole {
            StreamEnd::Completed
        } else if connection.has_failed() || self.watch.error == Some(ErrorKind::Remote) {
            // after an OK, the server says no only by a Trailer
            StreamEnd::Broke
        } else {
            StreamEnd::Cancelled
        }
    }
}

impl Drop for WatchedCall {
    fn drop(&mut self) {
        let Seen { peer, status, first_result, traffic, connections } = std::mem::take(&mut self.seen);
        self.watch.repeated = connections.saturating_sub(1);
        (self.watch.status, self.watch.first_result) = (status, first_result);
        self.watch.report(&self.observer, (self.service, &self.endpoint), peer.as_deref(), traffic);
    }
}
