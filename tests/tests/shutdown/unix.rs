//! The path of a Unix socket: it is removed with its server, and only a dead socket is replaced by
//! a new one.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use rpc_core::{Error, Operation, Server, ServerConfig};
use rpc_tests::watchdog;

use crate::service::{Work, start_at, start_with};

fn address(path: &Path) -> String {
    format!("unix://{}", path.display())
}

#[test]
fn the_path_is_removed() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rpc.sock");
        let (server, running) = start_at(&address(&path));
        running.client().run(1).unwrap();
        assert!(path.exists());
        server.shutdown(Duration::from_secs(30));
        assert!(!path.exists());

        drop(start_at(&address(&path)));
        assert!(!path.exists(), "also when the handle is dropped");
        drop(Server::bind(address(&path)).unwrap());
        assert!(!path.exists(), "also when it never served");
    });
}

#[test]
fn a_stale_socket_is_replaced() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rpc.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "std does not remove it");
        let (_server, running) = start_at(&address(&path));
        running.client().run(1).unwrap();
    });
}

#[test]
fn a_socket_in_use_is_not_replaced() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rpc.sock");
        let (_server, running) = start_at(&address(&path));
        assert_refused(&path);
        running.client().run(1).unwrap();
    });
}

#[test]
fn a_file_that_is_not_a_socket_is_not_replaced() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("precious");
        fs::write(&path, "do not lose this").unwrap();
        assert_refused(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "do not lose this");

        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_refused(&link);
        assert!(link.is_symlink());
    });
}

fn assert_refused(path: &Path) {
    match Server::bind(address(path)).map(drop) {
        Err(Error::Transport { operation: Operation::Binding, error, .. }) => {
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn the_file_has_the_mode_that_was_asked_for() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rpc.sock");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        // the last has what every umask takes away
        for asked in [0o600, 0o660, 0o755, 0o777] {
            let config = ServerConfig::default().unix_socket_mode(Some(asked));
            let (server, running) = start_with(&address(&path), config);
            assert_eq!(mode(), asked, "{asked:o}");
            running.client().run(1).unwrap();
            server.shutdown(Duration::from_secs(30));
            assert!(!path.exists());
        }
        // std's own leaves it to the umask, too
        let (_server, _running) = start_at(&address(&path));
        let usual = mode();
        let plain = dir.path().join("plain.sock");
        let _listener = UnixListener::bind(&plain).unwrap();
        assert_eq!(usual, fs::metadata(&plain).unwrap().permissions().mode() & 0o7777);
    });
}

#[test]
fn a_stale_socket_with_another_mode_is_replaced() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rpc.sock");
        drop(UnixListener::bind(&path).unwrap());
        let (_server, running) = start_with(&address(&path), ServerConfig::default().unix_socket_mode(Some(0o600)));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        running.client().run(1).unwrap();
    });
}

#[test]
fn a_client_works_again_with_the_next_server() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rpc.sock");
        let (server, first) = start_at(&address(&path));
        let client = first.client();
        client.run(1).unwrap();
        server.shutdown(Duration::from_secs(30));
        let error = client.run(2).unwrap_err();
        assert!(error.never_ran(), "{error:?}");
        let (_server, _second) = start_at(&address(&path));
        assert_eq!(client.run(3).unwrap(), 3);
    });
}
