//! The connections of a relay, from its first to Ctrl-C.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Listener, Parts, SocketListener, SocketStream};
use rpc_core::unstable::open_transport;
use rpc_core::{Address, CancelToken, ClientConfig, Transport};

use crate::notice::say;

use super::decoder::Detail;
use super::excerpt;
use super::line::Way;
use super::printer::Printer;
use super::recording::{Recording, Side};
use super::relay::{Cutter, Relayed};
use super::watch::{Counts, Lines, Watch};

/// The most connections at once. Each has two threads, and up to five descriptors.
const MOST: usize = 128;

/// The pause after an accept that failed, because something may be used up.
const PAUSE: Duration = Duration::from_millis(50);

/// How long connections have at the end for what is being written, and how often to look.
const GRACE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(10);

/// Passes connections on until `token` is cancelled.
pub(crate) struct Connections {
    pub(crate) address: Address,
    pub(crate) config: ClientConfig,
    pub(crate) detail: Detail,
    pub(crate) printer: Printer,
    /// Where connections are recorded.
    pub(crate) folder: Option<PathBuf>,
    /// How many there are before the relay ends.
    pub(crate) most: Option<u64>,
    pub(crate) token: CancelToken,
    /// A recording has failed.
    pub(crate) failed: Arc<AtomicBool>,
}

/// Those that are open. `None` if a connection has not reached the server yet.
type Open = Mutex<BTreeMap<u64, Option<Arc<Cutter>>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connections {
    /// Serves connections, each on its own threads, until there have been enough and all have
    /// ended, or the listener is woken. Then cuts those that are open, and prints the totals.
    pub(crate) fn serve(&self, listener: &SocketListener) {
        let (open, totals) = (&Open::default(), &Arc::new(Counts::default()));
        let mut number = 0;
        thread::scope(|scope| {
            while self.most != Some(number)
                && let Some(stream) = self.accept(listener)
            {
                number += 1;
                let lines = Lines { number, began: Instant::now(), printer: self.printer.clone() };
                if lock(open).len() >= MOST {
                    lines.print(Way::Connection, &format!("refused: {MOST} connections are open"));
                    continue;
                }
                lock(open).insert(number, None);
                scope.spawn(move || {
                    self.pass_on(stream, &lines, open, totals);
                    lock(open).remove(&lines.number);
                });
            }
            while self.most == Some(number) && !lock(open).is_empty() && !self.token.is_cancelled() {
                thread::sleep(TICK);
            }
            lock(open).values().flatten().for_each(|cutter| cutter.cut());
            let until = Instant::now() + GRACE;
            while !lock(open).is_empty() && Instant::now() < until {
                thread::sleep(TICK);
            }
            lock(open).values().flatten().for_each(|cutter| cutter.cut_at_once());
        });
        self.printer.print(format!("{number} connections, {}\n", totals.describe()));
    }

    /// Returns the next connection, or `None` when the relay ends.
    fn accept(&self, listener: &SocketListener) -> Option<SocketStream> {
        loop {
            match listener.accept() {
                Ok(stream) => return stream.filter(|_| !self.token.is_cancelled()),
                Err(_) if self.token.is_cancelled() => return None,
                Err(error) => {
                    say(&format!("rpc: accepting a connection failed: {error}"));
                    thread::sleep(PAUSE);
                }
            }
        }
    }

    fn pass_on(&self, stream: SocketStream, lines: &Lines, open: &Open, totals: &Arc<Counts>) {
        let Some((client, server)) = self.connect(stream, lines) else { return };
        let recording = self.record(lines);
        let cutter = Arc::new(Cutter::new(&client, &server));
        lock(open).insert(lines.number, Some(Arc::clone(&cutter)));
        // Ctrl-C may have come before it was there to be cut
        if self.token.is_cancelled() {
            cutter.cut();
        }
        let counts = Arc::new(Counts::default());
        let watch = |side| Watch::new(side, lines, self.detail, &counts, &recording);
        let server_is_child = matches!(self.address, Address::Exec(_));
        let relayed = Relayed { client, server, server_is_child, cutter: &cutter };
        relayed.run(watch(Side::Client), watch(Side::Server));
        totals.add_all(&counts);
        lines.print(Way::Connection, &format!("closed: {}", counts.describe()));
        if let Some(Err(error)) = recording.map(|recording| recording.finish()) {
            self.recording_failed(&error);
        }
    }

    /// Connects to the server.
    fn connect(&self, stream: SocketStream, lines: &Lines) -> Option<(Parts, Parts)> {
        let text = |error: &dyn std::error::Error| excerpt::text(error.to_string().as_bytes());
        let client = match stream.into_parts() {
            Ok(client) => client,
            Err(error) => {
                lines.print(Way::Connection, &format!("refused: {}", text(&error)));
                return None;
            }
        };
        let peer = excerpt::text(client.peer.to_string().as_bytes());
        lines.print(Way::Connection, &format!("from {peer}"));
        match open_transport(&self.address, &self.config, &self.token) {
            Ok(server) => Some((client, server)),
            Err(error) => {
                lines.print(Way::Connection, &format!("not connected: {}", text(&error)));
                // an end would look as if the server had hung up
                client.control.iter().for_each(|control| control.reset());
                None
            }
        }
    }

    fn record(&self, lines: &Lines) -> Option<Arc<Recording>> {
        match Recording::begin(self.folder.as_ref()?, lines.number) {
            Ok(recording) => Some(Arc::new(recording)),
            Err(error) => {
                self.recording_failed(&error);
                None
            }
        }
    }

    /// The peers need not suffer from a full disk, but the user has to know.
    fn recording_failed(&self, error: &io::Error) {
        self.failed.store(true, Ordering::SeqCst);
        say(&format!("rpc: recording failed: {error}"));
    }
}
