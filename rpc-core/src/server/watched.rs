//! A server's connections and calls, as an observer or a subscriber is told of them.

use crate::error::{Error, ErrorKind};
use crate::message::{DataType, ReplyHeader, Status};
use crate::observe::{CallReport, ConnectionInfo, Ended, Side, StreamEnd, Traffic, Watch};

use super::connection::ServerConnection;
use super::exchange::Exchange;
use crate::lock::lock;

impl ServerConnection {
    /// Begins to watch a call whose header has been read, if anybody wants to know.
    pub(super) fn watch(&self, span: &tracing::Span) -> Option<Box<Watch>> {
        let mut watch = Watch::begin(Side::Server, &self.config.observer, span)?;
        watch.count_from(Traffic { received: self.header_began_at.get(), sent: self.sent() });
        Some(Box::new(watch))
    }

    fn sent(&self) -> u64 {
        lock(&self.outbound).frames.position()
    }
}

/// A connection that is being served. Tells the observer when it begins and when it ends, also if
/// a transport panics.
pub(super) struct WatchedConnection<'c> {
    connection: &'c ServerConnection,
    pub(super) end: Result<Ended, ErrorKind>,
}

impl WatchedConnection<'_> {
    pub(super) fn new(connection: &ServerConnection) -> WatchedConnection<'_> {
        let ServerConnection { config, peer, .. } = connection;
        let info = ConnectionInfo::new(Side::Server, peer);
        config.observer.tell_of(Some(peer), None, |observer| observer.connection_opened(&info));
        WatchedConnection { connection, end: Err(ErrorKind::Panic) }
    }
}

impl Drop for WatchedConnection<'_> {
    fn drop(&mut self) {
        let ServerConnection { config, peer, .. } = self.connection;
        let info = ConnectionInfo::new(Side::Server, peer);
        config.observer.tell_of(Some(peer), None, |observer| observer.connection_closed(&info, self.end));
    }
}

impl Exchange<'_> {
    /// Notes something about the call, if it is watched.
    pub(super) fn note(&self, note: impl FnOnce(&mut Watch)) {
        if let Some(watch) = &mut *self.watch.borrow_mut() {
            note(watch);
        }
    }

    /// The header of the reply is about to be sent.
    pub(super) fn note_reply(&self, header: &ReplyHeader<'_>) {
        self.note(|watch| watch.reply_begun(Status::from_wire(header.error)));
    }

    /// The stream of the reply has ended.
    pub(super) fn note_stream(&self, end: StreamEnd) {
        self.note(|watch| watch.stream_ended(end));
    }

    /// Reports the end of the call.
    pub(super) fn report<T>(&self, outcome: &Result<T, Error>) {
        let Some(mut watch) = self.watch.take() else { return };
        let connection = self.connection;
        let (received, request) = connection.inbound.with(|receiving| {
            let messages = &receiving.inbound().messages;
            (messages.frames().position(), (messages.body_ended(), messages.trailer_status()))
        });
        if let Err(error) = outcome {
            watch.error.get_or_insert(error.kind());
        }
        let turn = self.turn.get();
        let streams = |body: Option<DataType>| body.is_some_and(DataType::has_octets);
        if streams(turn.request) {
            watch.stream_ended(match request {
                (false, _) if outcome.is_err() => StreamEnd::Broke,
                (true, None) => StreamEnd::Completed,
                // its sender stopped it because the reply had come, or it was too much to read
                (false, _) | (true, Some(Status::RequestError)) => StreamEnd::Cancelled,
                (true, Some(_)) => StreamEnd::Broke,
            });
        }
        // what was begun and neither ended nor cancelled
        if watch.status == Some(Status::Ok) && streams(turn.accept) && !turn.reply_is_over() {
            watch.stream_ended(StreamEnd::Broke);
        }
        let target = self.target();
        let service = target.map(|(contract, _)| contract.name());
        let endpoint = target.map_or(CallReport::OTHER, |(_, method)| method.name());
        let now = Traffic { received, sent: connection.sent() };
        watch.report(&connection.config.observer, (service, endpoint), Some(&connection.peer), now);
    }

    /// The source of the reply's stream has failed.
    pub(super) fn note_source_failure(&self) {
        self.note(|watch| {
            watch.error = Some(ErrorKind::Source);
            watch.stream_ended(StreamEnd::Broke);
        });
    }

    /// The handler has panicked.
    pub(super) fn note_panic(&self) {
        self.note(|watch| watch.error = Some(ErrorKind::Panic));
    }
}
