//! A progress bar on standard error, if that is a terminal.

use std::io::{self, IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rpc_core::Counted;

use crate::notice::say;

/// How often the bar is drawn. A stream that ends before has none.
const INTERVAL: Duration = Duration::from_millis(200);

/// The bar of a stream, drawn by a thread of its own. Dropping it leaves the last state on the
/// terminal.
pub(crate) struct Progress {
    count: Arc<AtomicU64>,
    bar: Option<(ProgressBar, Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Draws the progress of a stream of `len` bytes, if the terminal is free for it. Without `len`
    /// it shows the bytes so far.
    pub(crate) fn new(len: Option<u64>, terminal_is_free: bool) -> Progress {
        let count = Arc::<AtomicU64>::default();
        let bar = (terminal_is_free && stderr().is_terminal()).then(|| {
            let ((end, ended), bar) = (channel(), bar_of(len));
            let (counted, drawn) = (Arc::clone(&count), bar.clone());
            let thread = thread::spawn(move || {
                let bar = drawn;
                while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    if bar.is_hidden() {
                        bar.set_draw_target(ProgressDrawTarget::stderr());
                    }
                    bar.set_position(counted.load(Ordering::Relaxed));
                }
                bar.set_position(counted.load(Ordering::Relaxed));
                bar.abandon();
                if !bar.is_hidden() {
                    say("");
                }
            });
            (bar, end, thread)
        });
        Progress { count, bar }
    }

    /// Returns the reader whose bytes are counted.
    pub(crate) fn of<R>(&self, reader: R) -> Counted<R> {
        Counted::new(reader, Arc::clone(&self.count))
    }

    /// Counts bytes that have passed.
    pub(crate) fn add(&self, count: usize) {
        self.count.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Prints a line on standard error.
    pub(crate) fn print(&self, line: &str) -> io::Result<()> {
        match &self.bar {
            Some((bar, ..)) => bar.suspend(|| writeln!(stderr(), "{line}")),
            None => writeln!(stderr(), "{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((_, end, thread)) = self.bar.take() {
            drop(end);
            _ = thread.join();
        }
    }
}

/// Returns a bar that is not drawn yet, and measures time from now on.
fn bar_of(len: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(len, ProgressDrawTarget::hidden());
    let template = match len {
        Some(_) => "{bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
        None => "{spinner} {bytes}, {bytes_per_sec}, {elapsed}",
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}
