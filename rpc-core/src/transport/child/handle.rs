//! A child, for those who use its connection. When the last of them drops it, the child has to end.

use std::io::{self, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::super::{CancelToken, time_left};
use super::keeper;
use super::record::Record;

/// How long an error waits for the end of the child, to say how it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long the wait for the start of a child goes on before it looks for a cancel.
const TICK: Duration = Duration::from_millis(20);

pub(super) struct Handle {
    /// Errors name it.
    command: String,
    record: Arc<Record>,
    /// The keeper reads from the other end, and notices when this one is closed.
    orders: UnixStream,
    /// An error has waited for the end.
    has_waited: AtomicBool,
}

impl Handle {
    /// Has a child started, on a thread that stays as long as the child.
    pub(super) fn start(command: Command, name: String, far: UnixStream, near: Weak<OwnedFd>) -> io::Result<Handle> {
        let (orders, received) = UnixStream::pair()?;
        received.set_nonblocking(true)?;
        // asking never blocks; if there is no room, somebody has asked
        orders.set_nonblocking(true)?;
        let record = Arc::new(Record::new());
        let known = Arc::clone(&record);
        let keep = move || keeper::keep(command, far, &near, received, &known);
        thread::Builder::new().name("rpc-child".to_owned()).spawn(keep)?;
        Ok(Handle { command: name, record, orders, has_waited: AtomicBool::new(false) })
    }

    /// Blocks until the child has been started, but no longer than `until` or until `token` is
    /// cancelled.
    pub(super) fn await_start(&self, until: Option<Instant>, token: Option<&CancelToken>) -> io::Result<()> {
        loop {
            let left = time_left(until)?;
            let limit = if token.is_some() { Some(left.map_or(TICK, |left| left.min(TICK))) } else { left };
            if self.record.has_started(limit)?.is_some() {
                return Ok(());
            }
            if token.is_some_and(CancelToken::is_cancelled) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// Returns what has become of the child. With `may_wait`, the first time this waits a moment
    /// for its end.
    pub(super) fn fate(&self, may_wait: bool) -> String {
        let waits = may_wait && !self.has_waited.swap(true, Ordering::Relaxed);
        if waits {
            _ = (&self.orders).write(&[0]);
        }
        self.record.describe(if waits { LAST_WORDS } else { Duration::ZERO })
    }

    /// Adds what has become of the child, as [`fate`](Handle::fate) does, to an error of its
    /// connection.
    pub(super) fn explain(&self, error: &io::Error, may_wait: bool) -> io::Error {
        io::Error::new(error.kind(), format!("{error}: {}: {}", self.command, self.fate(may_wait)))
    }

    /// The child is to end at once when this is dropped, because nobody can use it.
    pub(super) fn give_up(&self) {
        self.record.change(|known| known.unwanted = true);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // closing it is not enough if another child has inherited it, as it can on some systems
        _ = self.orders.shutdown(Shutdown::Both);
    }
}
