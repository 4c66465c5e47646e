//! `rpc play`.

mod comparison;
mod meaning;
mod player;
mod session;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use rpc_core::transport::Listener;
use rpc_core::{Address, Transport};

use crate::dump::bind;
use crate::failure::{Code, Failure};
use crate::interrupt;
use crate::notice::say;
use crate::output::print;
use crate::target::address;

use session::Session;

/// Play the server of a recording to a client, and compare the client with the recorded one.
///
/// Takes one connection at LISTEN. Sends what the server sent as soon as the client has sent what
/// the recorded client had sent before. When the client has ended, prints whether it sent the same
/// bytes, or at least the same meaning: the same messages, whatever their frames, the text of their
/// JSON, and the fields Revision, TimeoutMs and traceparent. Otherwise fails with the first
/// difference.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Play {
    /// The folder of a recorded connection, with client.bin, server.bin and session.json: one of
    /// those that `rpc dump --record` makes.
    session: PathBuf,
    /// Where to listen: tcp://host:port or unix:///path; port 0 takes any.
    #[arg(value_parser = address)]
    listen: Address,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc dump unix:///tmp/r tcp://127.0.0.1:7411 -c 1 --record seen > dump.txt &
  $ rpc call unix:///tmp/r stat name=notes.txt
  $ wait
  $ rpc play seen/0001 unix:///tmp/p &
  $ rpc call unix:///tmp/p stat name=notes.txt
  $ wait";

impl Play {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let here = |error: std::io::Error| Failure::here(error.to_string());
        let mut session = Session::open(&self.session)?;
        let listener = bind(&self.listen)?;
        let client = listener.accept().map_err(here)?.ok_or_else(|| Failure::new(Code::Interrupted, ""))?;
        // a second client finds nobody
        drop(listener);
        let client = client.into_parts().map_err(here)?;
        let control = client.control.clone();
        interrupt::on_signal(move || control.iter().for_each(|control| control.cut())).map_err(here)?;
        let told = AtomicBool::new(false);
        let differs = |difference: &str| {
            told.store(true, Ordering::SeqCst);
            say(&format!("rpc: {difference}"));
        };
        let compared = player::play(&mut session, client, differs)
            .map_err(|error| Failure::here(format!("{}: {error}", self.session.display())))?;
        match compared {
            Ok(same) => print(&format!("{same}\n")),
            Err(_) if told.load(Ordering::SeqCst) => Err(Failure::caller("")),
            Err(difference) => Err(Failure::caller(difference)),
        }
    }
}
