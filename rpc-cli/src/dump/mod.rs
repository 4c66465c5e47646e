//! `rpc dump`.

mod connections;
pub(crate) mod decoder;
pub(crate) mod excerpt;
pub(crate) mod frames;
mod line;
mod printer;
pub(crate) mod recording;
mod relay;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rpc_core::transport::{Listener, SocketListener};
use rpc_core::unstable::listen;
use rpc_core::{Address, CancelToken};

use crate::failure::Failure;
use crate::interrupt;
use crate::notice::say;
use crate::output::failed;
use crate::target::address;
use crate::tls::Tls;

use connections::Connections;
use decoder::Detail;
use printer::Printer;

/// Print what a client and a server send each other.
///
/// Listens at LISTEN, connects to ADDRESS for each client, passes every byte on, and prints a line
/// for each message: the number of the connection, > from the client, < from the server or = of
/// both, the seconds since the connection began, the type of the frames, whether the message ends,
/// the bytes of payload, and what it says. Of a stream, the first frame and the end are shown.
/// Ctrl-C ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Dump {
    /// Where to listen: tcp://host:port or unix:///path; port 0 takes any. Whoever connects speaks
    /// to the server as this user, so a socket's file is for this user alone.
    #[arg(value_parser = address)]
    listen: Address,
    /// Where the server listens: tcp://host:port, tls://host:port, unix:///path, or
    /// 'exec:COMMAND', which is started for each client.
    #[arg(value_parser = address)]
    address: Address,
    /// Show each frame, and not each message.
    #[arg(long)]
    every_frame: bool,
    /// The most bytes of a body, or of a frame of it, that are shown.
    #[arg(long, default_value_t = 256, value_name = "N")]
    bytes: usize,
    /// Record each connection in a folder of its own within DIR, which is made or is empty, for
    /// `rpc play`. A recording contains all secrets that pass through.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// End after N connections, when the last has ended.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    connections: Option<u64>,
    #[command(flatten)]
    tls: Tls,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc dump unix:///tmp/d tcp://127.0.0.1:7411 -c 1 > dump.txt &
  $ rpc call unix:///tmp/d stat name=notes.txt
  $ wait
  $ grep -E 'Header|Data' dump.txt
  $ rpc dump unix:///tmp/r tcp://127.0.0.1:7411 -c 1 --record seen > dump.txt &
  $ rpc call unix:///tmp/r fetch name=notes.txt | wc -l
  $ wait
  $ ls -1 seen/0001";

/// The most bytes of a body that can be shown: they are kept until the message ends.
const MOST_SHOWN: usize = 64 * 1024;

impl Dump {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if self.bytes > MOST_SHOWN {
            return Err(Failure::caller(format!("--bytes {}: expected {MOST_SHOWN} at most", self.bytes)));
        }
        let config = self.tls.config(&self.address)?.allow_exec(true);
        if let Some(folder) = &self.record {
            let wrong = |error| Failure::here(format!("{}: {error}", folder.display()));
            recording::make_folder(folder).map_err(wrong)?;
        }
        let listener = Arc::new(bind(&self.listen)?);
        let (token, incomplete) = (CancelToken::new(), Arc::new(AtomicBool::new(false)));
        let stop = {
            // a signal may never come, and must not keep the socket's file
            let (listener, token) = (Arc::downgrade(&listener), token.clone());
            move || {
                token.cancel();
                if let Some(listener) = listener.upgrade() {
                    listener.wake();
                }
            }
        };
        let (printer, printing) = Printer::start(stop.clone()).map_err(here)?;
        interrupt::on_signal(stop).map_err(here)?;
        let connections = Connections {
            address: self.address.clone(),
            config,
            detail: Detail { every_frame: self.every_frame, bytes: self.bytes },
            printer,
            folder: self.record.clone(),
            most: self.connections,
            token,
            failed: Arc::clone(&incomplete),
        };
        connections.serve(&listener);
        drop(connections);
        printing.join().expect("it does not panic").map_err(|error| failed("standard output", &error))?;
        // whoever drops it last removes the socket's file, which has to be before the process ends
        while Arc::strong_count(&listener) > 1 {
            thread::yield_now();
        }
        drop(listener);
        match incomplete.load(Ordering::SeqCst) {
            true => Err(Failure::here("a recording is not complete")),
            false => Ok(()),
        }
    }
}

/// Listens, and says where.
pub(crate) fn bind(address: &Address) -> Result<SocketListener, Failure> {
    if !matches!(address, Address::Tcp(_) | Address::Unix(_)) {
        return Err(Failure::caller(format!("{address}: expected tcp://host:port or unix:///path to listen at")));
    }
    let listener = listen(address, Some(0o600)).map_err(|error| Failure::here(error.to_string()))?;
    say(&format!("rpc: listening at {}", listener.address()));
    Ok(listener)
}

fn here(error: std::io::Error) -> Failure {
    Failure::here(error.to_string())
}
