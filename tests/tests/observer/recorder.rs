//! An observer that keeps what it is told.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rpc_core::{CallReport, ClientConfig, ConnectionInfo, Ended, ErrorKind, Observer, Peer, Side, Status, StreamEnd};

/// A [`CallReport`] that owns its texts.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) side: Side,
    pub(crate) service: Option<String>,
    pub(crate) endpoint: String,
    pub(crate) peer: Option<Peer>,
    pub(crate) status: Option<Status>,
    pub(crate) error: Option<ErrorKind>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) first_result: Option<Duration>,
    pub(crate) elapsed: Duration,
    pub(crate) stream: Option<StreamEnd>,
}

impl Report {
    /// Returns how the call ended.
    pub(crate) fn end(&self) -> (Option<Status>, Option<ErrorKind>, Option<StreamEnd>) {
        (self.status, self.error, self.stream)
    }

    /// Returns the bytes sent and received.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.sent, self.received)
    }
}

/// What an observer was told, in order.
#[derive(Debug, Default)]
struct Told {
    opened: Vec<Peer>,
    closed: Vec<Result<Ended, ErrorKind>>,
    calls: Vec<Report>,
    waits: Vec<Duration>,
}

/// Keeps what it is told.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Told>);

impl Recorder {
    /// Returns a recorder, and a client's settings that have it.
    pub(crate) fn with_config() -> (Arc<Recorder>, ClientConfig) {
        let recorder = Arc::new(Recorder::default());
        let config = ClientConfig::default().observer(Arc::<Recorder>::clone(&recorder));
        (recorder, config)
    }

    /// Returns the calls so far, checked for what holds for every call, and forgets them.
    pub(crate) fn calls(&self) -> Vec<Report> {
        let calls = std::mem::take(&mut self.0.lock().unwrap().calls);
        for call in &calls {
            assert_eq!(call.status.is_some(), call.first_result.is_some(), "{call:?}");
            assert!(call.first_result.is_none_or(|first_result| first_result <= call.elapsed), "{call:?}");
            assert!(call.peer.is_some() || call.bytes() == (0, 0), "{call:?}");
        }
        calls
    }

    /// Returns the only call since the last one was asked for.
    pub(crate) fn call(&self) -> Report {
        let mut calls = self.calls();
        let call = calls.pop().expect("a call was reported");
        assert!(calls.is_empty(), "more calls: {calls:?} and {call:?}");
        call
    }

    /// Returns the only call since the last one was asked for, once it has been reported. A server
    /// reports a call when its client may have the reply already.
    pub(crate) fn call_in_time(&self) -> Report {
        while self.0.lock().unwrap().calls.is_empty() {
            thread::yield_now();
        }
        self.call()
    }

    /// Returns how many connections were opened.
    pub(crate) fn opened(&self) -> usize {
        self.0.lock().unwrap().opened.len()
    }

    /// Returns how connections ended.
    pub(crate) fn closed(&self) -> Vec<Result<Ended, ErrorKind>> {
        self.0.lock().unwrap().closed.clone()
    }

    /// Returns how connections ended, once this many have. A shared connection may be closed after
    /// its last call has returned.
    pub(crate) fn closed_in_time(&self, count: usize) -> Vec<Result<Ended, ErrorKind>> {
        while self.closed().len() < count {
            thread::yield_now();
        }
        self.closed()
    }

    /// Returns how long calls waited for a connection.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.0.lock().unwrap().waits.clone()
    }
}

impl Observer for Recorder {
    fn connection_opened(&self, connection: &ConnectionInfo<'_>) {
        self.0.lock().unwrap().opened.push(connection.peer.clone());
    }

    fn connection_closed(&self, connection: &ConnectionInfo<'_>, end: Result<Ended, ErrorKind>) {
        let mut told = self.0.lock().unwrap();
        assert!(told.opened.contains(connection.peer), "it was not opened: {connection:?}");
        told.closed.push(end);
    }

    fn call_ended(&self, call: &CallReport<'_>) {
        self.0.lock().unwrap().calls.push(Report {
            side: call.side,
            service: call.service.map(str::to_owned),
            endpoint: call.endpoint.to_owned(),
            peer: call.peer.cloned(),
            status: call.status,
            error: call.error,
            sent: call.sent,
            received: call.received,
            first_result: call.first_result,
            elapsed: call.elapsed,
            stream: call.stream,
        });
    }

    fn pool_waited(&self, waited: Duration) {
        self.0.lock().unwrap().waits.push(waited);
    }
}
