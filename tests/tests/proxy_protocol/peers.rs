//! Who the peer is, over each kind of listener.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{Client, ClientConfig, Peer, PeerAddress, Server, serve_connection_with};
use rpc_tests::{TransportKind, watchdog};

use crate::header::{header, local, of_client, of_unix_client};
use crate::service::{Porter, PorterClient, config, headed, service};

fn over_memory(header: Vec<u8>) -> PorterClient {
    let connect = move |_left| {
        let (near, far) = memory_pair();
        thread::spawn(move || serve_connection_with(far, service(), config()));
        headed(near, &header)
    };
    PorterClient::new(Client::with_connector("a balancer", connect, ClientConfig::default()))
}

fn who(header: Vec<u8>) -> String {
    over_memory(header).who().unwrap()
}

#[test]
fn the_peer_is_the_balancers_client() {
    watchdog(|| {
        let address = |text: &str| of_client(text.parse().unwrap(), &[]);
        assert_eq!(who(address("203.0.113.7:50001")), "tcp://203.0.113.7:50001 through memory");
        assert_eq!(who(address("[2001:db8::7]:1")), "tcp://[2001:db8::7]:1 through memory");
        assert_eq!(who(of_unix_client(b"/run/client")), "unix:///run/client through memory");
        let longest = [b'x'; 108];
        assert_eq!(who(of_unix_client(&longest)), format!("unix://{} through memory", "x".repeat(108)));
        // without a path, and with a name that is no path
        assert_eq!(who(of_unix_client(b"")), "unix: through memory");
        assert_eq!(who(of_unix_client(b"\0name")), "unix: through memory");
    });
}

/// The balancer is no client, and must not be taken for one.
#[test]
fn a_client_that_is_not_named_is_not_the_balancer() {
    watchdog(|| {
        for family in [0x00, 0x01, 0x02, 0x10, 0x12, 0x22, 0x30, 0x32] {
            let found = who(header(0x21, family, &[127, 0, 0, 1, 127, 0, 0, 1, 0, 1, 0, 2]));
            assert_eq!(found, "a client that the proxy does not name through memory", "{family:#x}");
        }
    });
}

#[test]
fn a_check_by_the_balancer_comes_from_itself() {
    watchdog(|| {
        assert_eq!(who(local()), "memory");
        // the address is that of a family that does not exist, and ignored
        assert_eq!(who(header(0x20, 0xff, &[7; 300])), "memory");
    });
}

#[test]
fn extensions_are_skipped() {
    watchdog(|| {
        let client: SocketAddr = "203.0.113.7:50001".parse().unwrap();
        for len in [1, 3, 300, 4096 - 12] {
            assert_eq!(who(of_client(client, &vec![4; len])), "tcp://203.0.113.7:50001 through memory");
        }
    });
}

#[test]
fn a_service_is_made_for_the_client() {
    watchdog(|| {
        let make = |peer: &Peer| {
            assert_eq!(peer.tcp_address(), Some(([203, 0, 113, 7], 50001).into()));
            assert!(matches!(peer.proxy().unwrap().address(), PeerAddress::Tcp(_)));
            assert_eq!(peer.credentials(), None);
            service()
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new_with(listener, config()).unwrap().spawn_with(make).unwrap();
        let header = of_client(([203, 0, 113, 7], 50001).into(), &[]);
        let connect = move |_left| headed(TcpStream::connect(address)?, &header);
        let client = PorterClient::new(Client::with_connector(server.address(), connect, ClientConfig::default()));
        let found = client.who().unwrap();
        assert!(found.starts_with("tcp://203.0.113.7:50001 through tcp://127.0.0.1:"), "{found}");
    });
}

/// A handler that trusts a user must not trust whoever comes through that user's balancer.
#[cfg(target_os = "linux")]
#[test]
fn a_client_has_not_the_balancers_credentials() {
    watchdog(|| {
        let make = |peer: &Peer| {
            assert_eq!(peer.credentials(), None);
            assert!(peer.proxy().unwrap().credentials().is_some());
            service()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rpc.sock");
        let server = Server::bind_with(format!("unix://{}", path.display()), config()).unwrap();
        let server = server.spawn_with(make).unwrap();
        let connect = move |_left| headed(std::os::unix::net::UnixStream::connect(&path)?, &header(0x21, 0, &[]));
        let client = PorterClient::new(Client::with_connector(server.address(), connect, ClientConfig::default()));
        let found = client.who().unwrap();
        assert!(found.starts_with("a client that the proxy does not name through unix: (uid "), "{found}");
    });
}

#[test]
fn calls_and_streams_work_on_any_transport() {
    watchdog(|| {
        for &kind in TransportKind::ALL {
            let header = of_client(([203, 0, 113, 7], 50001).into(), &[7; 99]);
            let connect = move |_left| {
                let (near, far) = kind.pair()?;
                thread::spawn(move || serve_connection_with(far, service(), config()));
                headed(near, &header)
            };
            let client = PorterClient::new(Client::with_connector("a balancer", connect, ClientConfig::default()));
            assert_eq!(client.count(&vec![7; 3_000_000][..]).unwrap(), 3_000_000, "{kind:?}");
            assert!(client.who().unwrap().starts_with("tcp://203.0.113.7:50001 through "), "{kind:?}");
        }
    });
}
