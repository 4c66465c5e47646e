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
use crate::tls::Certificates;

/// How long calls may go on when the server stops.
const GRACE: Duration = Duration::from_millis(500);

/// Serves on a socket of each kind in this folder, prints their addresses, and stops when standard
/// input ends.
pub(crate) fn serve(folder: &Path, certificates: &Certificates, ports: &[u16]) -> Result<(), Box<dyn Error>> {
    let [tcp_port, tls_port] = *ports else { return Err("expected two ports".into()) };
    let handler = Handler(Arc::new(Journal::open(&folder.join("ran"))?));
    let serve = |address: String| -> Result<_, Box<dyn Error>> {
        let config = ServerConfig::default();
        let is_tls = address.starts_with("tls:");
        let config = if is_tls { config.tls(certificates.acceptor()?) } else { config };
        let server = Server::bind_with(address, config)?;
        Ok(server.spawn(SoakServer::new(handler.clone()))?)
    };
    let tcp = serve(format!("tcp://127.0.0.1:{tcp_port}"))?;
    let tls = serve(format!("tls://127.0.0.1:{tls_port}"))?;
    let unix = serve(format!("unix://{}", folder.join("socket").display()))?;
    let [on_tcp, on_tls, on_unix] = [&tcp, &tls, &unix].map(|server| server.address().to_string());
    let all = Addresses { tcp: on_tcp, tls: on_tls, unix: on_unix };
    println!("{}", serde_json::to_string(&all)?);
    io::stdout().flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    for server in [tcp, tls, unix] {
        let report = server.shutdown(GRACE);
        if report.still_running > 0 {
            return Err(format!("{} handlers go on after a shutdown", report.still_running).into());
        }
    }
    Ok(())
}
