//! The systemd units that `docs/deployment.md` shows. This program runs itself again as their
//! service.
#![cfg(unix)]

use std::fs;
use std::io::IoSlice;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rpc_core::transport::{SocketListener, activated_listeners};
use rpc_core::{CallContext, Client, ClientConfig, Result, Server, ServerConfig, ServerHandle, Transport, rpc_service};
use rpc_tests::{programs, watchdog};

#[rpc_service]
trait Porter {
    /// Returns who calls, as a peer prints.
    fn who(&self) -> Result<String>;
}

#[derive(Clone)]
struct Handler;

impl Porter for Handler {
    fn who(&self) -> Result<String> {
        Ok(CallContext::current().expect("a call is being answered").peer().to_string())
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/deployment")
}

/// Returns the value of a setting of a unit.
fn setting(unit: &str, name: &str) -> String {
    let text = fs::read_to_string(folder().join(unit)).unwrap();
    let values: Vec<_> = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).collect();
    assert_eq!(values.len(), 1, "{unit}: {name}");
    values[0].to_owned()
}

#[test]
fn systemd_accepts_the_units() {
    watchdog(|| {
        let Some(program) = programs::find("systemd-analyze") else { return };
        let copies = tempfile::tempdir().unwrap();
        let copy = |unit: &str| {
            let text = fs::read_to_string(folder().join(unit)).unwrap();
            let path = copies.path().join(unit);
            // the program has to be there
            fs::write(&path, text.replace("/usr/local/bin/vault", "/bin/sh")).unwrap();
            path
        };
        let units = ["vault.service", "vault.socket", "vault-front.socket"].map(copy);
        let said = Command::new(program).arg("verify").args(units).output().unwrap();
        let text = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success() && !text.contains("vault"), "{text}");
    });
}

#[test]
fn the_service_gets_its_sockets_by_name() {
    watchdog(|| {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("vault.sock");
        assert_eq!(setting("vault.socket", "ListenStream"), "/run/vault.sock");
        assert_eq!(setting("vault-front.socket", "ListenStream"), "7411");
        let local = UnixListener::bind(&path).unwrap();
        let front = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = front.local_addr().unwrap();
        let names = ["vault.socket", "vault-front.socket"].map(|unit| setting(unit, "FileDescriptorName"));
        assert_eq!(setting("vault.service", "Sockets"), "vault.socket vault-front.socket");
        let script = format!(
            "export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES={}; exec \"$0\" \"$@\" 3<&0 4<&1 >/dev/null </dev/null",
            names.join(":")
        );
        let mut service = Command::new("sh")
            .args(["-c", &script])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "serves_as_the_guide_does", "--ignored"])
            .stdin(Stdio::from(OwnedFd::from(local)))
            .stdout(Stdio::from(OwnedFd::from(front)))
            .spawn()
            .unwrap();
        let found = PorterClient::connect(format!("unix://{}", path.display())).unwrap().who().unwrap();
        assert!(found.starts_with("unix:"), "{found}");
        let connect = move |_left| {
            let mut parts = TcpStream::connect(address)?.into_parts()?;
            let header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\x0a\0\0\x09\0\x50\x1c\xf3";
            assert_eq!(parts.writer.write(&[IoSlice::new(header)], None)?, header.len());
            Ok(parts)
        };
        let client = Client::with_connector("a balancer", connect, ClientConfig::default());
        let found = PorterClient::new(client).who().unwrap();
        assert!(found.starts_with("tcp://203.0.113.7:80 through tcp://127.0.0.1:"), "{found}");
        service.kill().unwrap();
        service.wait().unwrap();
    });
}

#[test]
#[ignore = "another test starts it with sockets"]
fn serves_as_the_guide_does() {
    watchdog(|| {
        let serve = |listener: SocketListener| {
            let behind_balancer = listener.name() == Some("front");
            let config = ServerConfig::default().proxy_protocol(behind_balancer);
            Server::new_with(listener, config)?.spawn(PorterServer::new(Handler))
        };
        let servers: Result<Vec<ServerHandle>> = activated_listeners().unwrap().into_iter().map(serve).collect();
        for server in servers.unwrap() {
            server.wait().unwrap();
        }
    });
}
