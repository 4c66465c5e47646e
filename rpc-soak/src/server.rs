//! The process that serves. It ends when its standard input does.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rpc_core::{Server, ServerConfig};

use crate::child::Addresses;
use crate::journal::Journal;
use crate::service::{Handler, SoakServer};

/// How long calls may go on when the server stops.
const GRACE: Duration = Duration::from_millis(500);

/// Serves on a socket of each kind in this folder, prints their addresses, and stops when standard
/// input ends.
pub(crate) fn serve(folder: &Path, port: u16) -> Result<(), Box<dyn Error>> {
    let handler = Handler(Arc::new(Journal::open(&folder.join("ran"))?));
    let serve = |address: String| -> Result<_, Box<dyn Error>> {
        let server = Server::bind_with(address, ServerConfig::default())?;
        Ok(server.spawn(SoakServer::new(handler.clone()))?)
    };
    let tcp = serve(format!("tcp://127.0.0.1:{port}"))?;
    let unix = serve(format!("unix://{}", folder.join("socket").display()))?;
    let all = Addresses { tcp: tcp.address().to_string(), unix: unix.address().to_string() };
    println!("{}", serde_json::to_string(&all)?);
    io::stdout().flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    for server in [tcp, unix] {
        let report = server.shutdown(GRACE);
        if report.still_running > 0 {
            return Err(format!("{} handlers go on after a shutdown", report.still_running).into());
        }
    }
    Ok(())
}
