//! HAProxy as a child process, and its runtime interface.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use rpc_tests::programs;

/// A HAProxy that listens on a socket which the test has bound.
pub(crate) struct HaProxy {
    process: Child,
    folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
}

/// Runs HAProxy with the socket as its descriptor 3, until it ends or until the input does: this
/// program may end without dropping anything.
const SCRIPT: &str = "exec 4<&0; \"$0\" -db -f \"$1\" 3<&1 4<&- >/dev/null </dev/null & haproxy=$!; \
                      { read end; kill $haproxy; } <&4 >/dev/null & exec >/dev/null 4<&-; wait $haproxy";

/// Where the second listening socket of each HAProxy is, in its folder.
const UNIX_SOCKET: &str = "rpc.sock";

impl HaProxy {
    /// Starts one in front of these servers, with the configuration of the guide. Returns `None` if
    /// HAProxy is not installed.
    pub(crate) fn start(servers: [SocketAddr; 3]) -> Option<HaProxy> {
        let program = programs::find("haproxy")?;
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("haproxy.cfg");
        fs::write(&config, configuration(folder.path(), servers)).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let process = Command::new("sh")
            .args(["-c", SCRIPT])
            .arg(program)
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::from(OwnedFd::from(socket)))
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut haproxy = HaProxy { process, folder, address };
        haproxy.await_start();
        Some(haproxy)
    }

    fn await_start(&mut self) {
        while UnixStream::connect(self.admin()).is_err() {
            if let Some(status) = self.process.try_wait().unwrap() {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
                panic!("haproxy did not start, {status}: {log}");
            }
            thread::yield_now();
        }
    }

    fn admin(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// Returns the address at which it listens as well.
    pub(crate) fn unix_address(&self) -> String {
        format!("unix://{}", self.folder.path().join(UNIX_SOCKET).display())
    }

    /// Gives it a command of its runtime interface, and returns the answer.
    pub(crate) fn tell(&self, command: &str) -> String {
        let mut admin = UnixStream::connect(self.admin()).unwrap();
        writeln!(admin, "{command}").unwrap();
        let mut answer = String::new();
        admin.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Changes a server, and fails if HAProxy objects.
    fn set(&self, server: &str, what: &str) {
        let answer = self.tell(&format!("set server rpc/{server} {what}"));
        // a change of an address is reported, one of a state is not
        assert!(answer.trim().is_empty() || answer.contains("changed"), "{server} {what}: {answer}");
    }

    /// Sends no new connections to a server.
    pub(crate) fn drain(&self, server: &str) {
        self.set(server, "state drain");
    }

    /// Has a server's connections go to this address from now on.
    pub(crate) fn add(&self, server: &str, address: SocketAddr) {
        self.set(server, &format!("addr {} port {}", address.ip(), address.port()));
        self.set(server, "state ready");
    }

    /// Returns what it thinks of a server: `UP`, `DOWN`, `DRAIN`, `MAINT` and the like.
    pub(crate) fn status(&self, server: &str) -> String {
        let table = self.tell("show stat");
        let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let heading = rows.next().unwrap();
        let column = heading.iter().position(|name| *name == "status").unwrap();
        let row = rows.find(|row| row.starts_with(&["rpc", server])).expect("it has this server");
        row[column].to_owned()
    }

    /// Blocks until it thinks this of a server.
    pub(crate) fn await_status(&self, server: &str, status: &str) {
        while self.status(server) != status {
            thread::yield_now();
        }
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        _ = self.process.wait();
    }
}

/// Returns the configuration of the guide with other addresses.
fn configuration(folder: &Path, servers: [SocketAddr; 3]) -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/deployment/haproxy.cfg");
    let mut text = fs::read_to_string(guide).unwrap();
    let mut replace = |from: &str, to: String| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, &to);
    };
    replace("/run/haproxy/admin.sock", folder.join("admin.sock").display().to_string());
    replace("bind :7411", format!("bind fd@3\n    bind unix@{}", folder.join(UNIX_SOCKET).display()));
    for (name, address) in ["10.0.0.11:7411", "10.0.0.12:7411", "10.0.0.13:7411"].into_iter().zip(servers) {
        replace(name, address.to_string());
    }
    text
}
