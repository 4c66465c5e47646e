//! The server.

use std::error::Error;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io, thread};

use rpc_core::{Address, Server, ServerConfig, ServerHandle, Stopper};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use super::metrics::Metrics;
use super::rules::{Guarded, admit};
use super::services::*;

/// Serves the users' folders below `shelf`.
pub(crate) fn serve(address: Address, shelf: Shelf) -> rpc_core::Result<ServerHandle> {
    let owner = fs::metadata(&shelf.0)?.uid();
    let config =
        ServerConfig::default().unix_socket_mode(Some(0o600)).describe(true).observer(Arc::new(Metrics::describe()));
    let of_shelf = (DepotServer::new(shelf.clone()), UsageServer::new(shelf.clone()), AdminServer::new(shelf));
    let all = Guarded((of_shelf, LoginServer::new(Door)));
    Server::bind_with(address, config)?.spawn_with(move |peer| admit(peer, owner).map(|()| all.clone()))
}

/// The first signal lets uploads end, a second one cuts them.
pub(crate) fn stop_on_signals(stopper: Stopper) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    thread::spawn(move || {
        for (grace, _) in [Duration::from_secs(60), Duration::ZERO].into_iter().zip(signals.forever()) {
            stopper.stop(grace);
        }
    });
    Ok(())
}

/// Serves a folder that is removed afterwards, until a signal.
pub(crate) fn run(address: &str) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let server = serve(address.parse()?, Shelf(folder.path().to_owned()))?;
    stop_on_signals(server.stopper())?;
    println!("listening on {}", server.address());
    server.wait()?;
    Ok(())
}
