//! A real `sshd` of this test alone, with keys of its own, and the `ssh` that reaches it.

use std::fs::{self, Permissions};
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::programs;

/// An `sshd` for each connection, as inetd starts it: with the connection as its standard input and
/// output.
#[derive(Debug)]
pub struct Sshd {
    /// The settings of `ssh`, in which it is the host `there`.
    settings: PathBuf,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Sshd {
    /// Listens on a port of the system's choice. `folder` is an empty directory of this test.
    /// `options` come before the key in `authorized_keys`, such as `restrict,command="serve"`.
    /// Returns `None` if a program is missing: see [`programs::find`].
    ///
    /// # Errors
    /// If something cannot be set up.
    pub fn start(folder: &Path, options: &str) -> io::Result<Option<Sshd>> {
        let (Some(sshd), Some(_)) = (programs::find("sshd"), programs::find("ssh")) else { return Ok(None) };
        for key in ["host_key", "user_key"] {
            let Some(keygen) = programs::find("ssh-keygen") else { return Ok(None) };
            let made =
                Command::new(keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(key)).status()?;
            if !made.success() {
                return Err(io::Error::other(format!("ssh-keygen: {made}")));
            }
        }
        let path = |name: &str| folder.join(name).display().to_string();
        let write = |name: &str, text: String| {
            fs::write(folder.join(name), text)?;
            fs::set_permissions(folder.join(name), Permissions::from_mode(0o600))
        };
        let public = |name: &str| fs::read_to_string(folder.join(format!("{name}.pub")));
        write("authorized_keys", format!("{options} {}", public("user_key")?))?;
        let keys = format!("HostKey {}\nAuthorizedKeysFile {}\n", path("host_key"), path("authorized_keys"));
        let rules = "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile none\n";
        write("sshd_config", format!("{keys}{rules}"))?;
        // as root it insists on this directory
        _ = fs::create_dir_all("/run/sshd");

        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        write("known_hosts", format!("[127.0.0.1]:{port} {}", public("host_key")?))?;
        let place = format!("Host there\nHostName 127.0.0.1\nPort {port}\nIdentitiesOnly yes\nIdentityAgent none\n");
        let files = format!("IdentityFile {}\nUserKnownHostsFile {}\n", path("user_key"), path("known_hosts"));
        write("ssh_config", format!("{place}{files}GlobalKnownHostsFile /dev/null\n"))?;

        let connections = Arc::<Mutex<Vec<TcpStream>>>::default();
        let (kept, config) = (Arc::clone(&connections), folder.join("sshd_config"));
        // it ends with the process
        thread::spawn(move || serve_all(&listener, &sshd, &config, &kept));
        Ok(Some(Sshd { settings: folder.join("ssh_config"), connections }))
    }

    /// Returns the words that start a command there.
    pub fn ssh(&self) -> String {
        format!("ssh -T -o BatchMode=yes -F {} there", self.settings.display())
    }

    /// Cuts all connections.
    ///
    /// # Panics
    /// If another thread has panicked.
    pub fn cut(&self) {
        self.connections.lock().unwrap().iter().for_each(|connection| _ = connection.shutdown(Shutdown::Both));
    }
}

fn serve_all(listener: &TcpListener, sshd: &Path, config: &Path, kept: &Mutex<Vec<TcpStream>>) {
    for connection in listener.incoming().map_while(Result::ok) {
        kept.lock().unwrap().push(connection.try_clone().unwrap());
        let (input, output) = (OwnedFd::from(connection.try_clone().unwrap()), OwnedFd::from(connection));
        let mut command = Command::new(sshd);
        command.arg("-i").arg("-f").arg(config).stdin(input).stdout(output).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::spawn(move || child.wait());
    }
}
