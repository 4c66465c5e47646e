//! The thread that prints, so that a terminal that is slow for a moment does not slow the peers
//! down, and lines of several connections do not mix.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Lines that wait. If there are more, the connections wait, too.
const WAITING: usize = 256;

/// The bytes that are written together at most, if so many wait.
const TOGETHER: usize = 64 * 1024;

/// Takes lines from any thread.
#[derive(Debug, Clone)]
pub(crate) struct Printer(SyncSender<String>);

impl Printer {
    /// Starts the thread. If standard output fails, it calls `failed`, and what is printed after
    /// that is lost. The thread ends with its last printer.
    pub(crate) fn start(failed: impl FnOnce() + Send + 'static) -> io::Result<(Printer, JoinHandle<io::Result<()>>)> {
        let (sender, lines) = sync_channel(WAITING);
        let run = move || print_all(&lines).inspect_err(|_| failed());
        Ok((Printer(sender), thread::Builder::new().name("rpc-print".to_owned()).spawn(run)?))
    }

    /// Prints a line that ends with a line break.
    pub(crate) fn print(&self, line: String) {
        // the thread has ended if standard output has failed
        _ = self.0.send(line);
    }
}

fn print_all(lines: &Receiver<String>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    while let Ok(mut together) = lines.recv() {
        while together.len() < TOGETHER
            && let Ok(line) = lines.try_recv()
        {
            together.push_str(&line);
        }
        stdout.write_all(together.as_bytes())?;
        stdout.flush()?;
    }
    Ok(())
}
