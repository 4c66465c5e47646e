//! A server as a process of its own, which can be killed.

use std::env;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::tls::Certificates;

/// Where a server listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) tcp: String,
    pub(crate) tls: String,
    pub(crate) unix: String,
}

impl Addresses {
    pub(crate) fn all(&self) -> [&str; 3] {
        [&self.tcp, &self.tls, &self.unix]
    }

    /// Returns the ports of TCP and of TLS.
    fn ports(&self) -> io::Result<[u16; 2]> {
        let port = |address: &str| address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        match [port(&self.tcp), port(&self.tls)] {
            [Some(tcp), Some(tls)] => Ok([tcp, tls]),
            _ => Err(io::Error::other("the server has no port")),
        }
    }
}

/// A server that can be restarted at the same addresses.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    folder: PathBuf,
    certificates: Certificates,
    pub(crate) addresses: Addresses,
    running: Mutex<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// The server ends when this is closed.
    stdin: Option<ChildStdin>,
}

impl ServerProcess {
    /// Starts a server that keeps its files in this folder.
    pub(crate) fn start(folder: PathBuf, certificates: Certificates) -> io::Result<ServerProcess> {
        let (running, addresses) = start(&folder, &certificates, [0, 0])?;
        Ok(ServerProcess { folder, certificates, addresses, running: Mutex::new(running) })
    }

    /// The numbers of the calls that ran.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("ran")
    }

    /// Kills the server, and starts another.
    pub(crate) fn kill_and_restart(&self) -> io::Result<()> {
        let mut running = self.lock();
        running.child.kill()?;
        running.child.wait()?;
        self.restart(&mut running)
    }

    /// Lets the server stop, and starts another.
    pub(crate) fn stop_and_restart(&self) -> io::Result<()> {
        let mut running = self.lock();
        running.stop()?;
        self.restart(&mut running)
    }

    /// Lets the server stop.
    pub(crate) fn stop(&self) -> io::Result<()> {
        self.lock().stop()
    }

    fn restart(&self, running: &mut Running) -> io::Result<()> {
        *running = start(&self.folder, &self.certificates, self.addresses.ports()?)?.0;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn stop(&mut self) -> io::Result<()> {
        drop(self.stdin.take());
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("a server ended with {status}"))) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // it may have ended
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn start(folder: &Path, certificates: &Certificates, ports: [u16; 2]) -> io::Result<(Running, Addresses)> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("--serve").arg(folder).arg("--certificates").arg(certificates.folder());
    command.arg("--ports").args(ports.map(|port| port.to_string()));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let running = Running { child, stdin };
    let mut line = String::new();
    BufReader::new(stdout.ok_or(io::ErrorKind::NotFound)?).read_line(&mut line)?;
    let addresses = serde_json::from_str(&line).map_err(|error| io::Error::other(format!("{error}: {line:?}")))?;
    Ok((running, addresses))
}
