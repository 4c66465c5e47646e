//! Sockets that the user has bound.

use std::net::TcpListener;
use std::time::Duration;

use rpc_core::Server;
use rpc_tests::watchdog;

use crate::service::{Work, WorkClient, service};

const GRACE: Duration = Duration::from_secs(60);

#[test]
fn a_tcp_socket_is_served_and_closed() {
    watchdog(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let server = Server::new(listener).unwrap().spawn(service()).unwrap();
        assert_eq!(server.address().to_string(), format!("tcp://{place}"));
        let client = WorkClient::connect(place).unwrap();
        assert_eq!(client.echo(1).unwrap(), 1);
        server.shutdown(GRACE);
        assert!(WorkClient::connect(place).is_err());
    });
}

/// As a program does that replaces its server without closing the port.
#[test]
fn a_clone_of_a_socket_serves_the_next_server() {
    watchdog(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = WorkClient::connect(listener.local_addr().unwrap()).unwrap();
        for number in 0..3 {
            let server = Server::new(listener.try_clone().unwrap()).unwrap().spawn(service()).unwrap();
            assert_eq!(client.echo(number).unwrap(), number);
            server.shutdown(GRACE);
        }
    });
}

#[cfg(unix)]
#[test]
fn the_path_of_a_users_own_unix_socket_stays() {
    use std::os::unix::net::UnixListener;

    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rpc.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let server = Server::new(listener).unwrap().spawn(service()).unwrap();
        assert_eq!(server.address().to_string(), format!("unix://{}", path.display()));
        assert_eq!(WorkClient::connect(server.address()).unwrap().echo(1).unwrap(), 1);
        server.shutdown(GRACE);
        assert!(path.exists());
        assert!(WorkClient::connect(format!("unix://{}", path.display())).is_err());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_unix_socket_without_a_path_is_served() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

    use rpc_core::{Client, ClientConfig};

    watchdog(|| {
        let name = format!("rpc-tests {}", std::process::id());
        let place = SocketAddr::from_abstract_name(&name).unwrap();
        let server = Server::new(UnixListener::bind_addr(&place).unwrap()).unwrap().spawn(service()).unwrap();
        assert!(server.address().to_string().contains(&name), "{}", server.address());
        let connect = move |_left| UnixStream::connect_addr(&place);
        let client = Client::with_connector(server.address(), connect, ClientConfig::default());
        assert_eq!(WorkClient::new(client).echo(1).unwrap(), 1);
        server.shutdown(GRACE);
    });
}
