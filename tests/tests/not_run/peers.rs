//! Our server and our client together: a factory that refuses peers, as long as it does.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rpc_core::{Address, Client, ClientConfig, Peer, Refused, Result, Server, ServerConfig, ServerHandle, Session};
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference, watchdog};
use serde_json::{Value, json};

use crate::script::assert_refused;

/// A server that refuses its peers while it is full, and counts them.
struct Door {
    server: ServerHandle,
    full: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Door {
    fn new(config: ServerConfig) -> Door {
        let (full, asked) = (Arc::new(AtomicBool::new(true)), Arc::<AtomicUsize>::default());
        let (is_full, counter) = (Arc::clone(&full), Arc::clone(&asked));
        let make = move |peer: &Peer| {
            counter.fetch_add(1, Ordering::SeqCst);
            assert!(peer.tcp_address().is_some());
            if is_full.load(Ordering::SeqCst) {
                return Err(Refused::from("full"));
            }
            Ok(OriginalServer::new(Reference))
        };
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn_with(make).unwrap();
        Door { server, full, asked }
    }

    fn client(&self, config: ClientConfig) -> Client {
        Client::connect_with(self.server.address(), config).unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn echo(client: &Client) -> Result<Value> {
    client.call("Echo").with(&json!([1])).json()
}

#[test]
fn the_call_after_a_refused_one_connects_anew() {
    watchdog(|| {
        for shared in [0, 1] {
            let door = Door::new(ServerConfig::default());
            let client = door.client(ClientConfig::default().shared_connections(shared));
            for refused in 1..3 {
                assert_refused(echo(&client));
                assert_eq!(door.asked(), refused, "each call asks once");
            }
            door.full.store(false, Ordering::SeqCst);
            assert_eq!(echo(&client).unwrap(), json!([1]));
            assert_eq!(echo(&client).unwrap(), json!([1]));
            assert_eq!(door.asked(), 3);
            client.close().unwrap();
        }
    });
}

#[test]
fn calls_of_each_shape_are_refused() {
    watchdog(|| {
        let door = Door::new(ServerConfig::default());
        let client = door.client(ClientConfig::default());
        assert_refused(client.call("SendPattern").with(&3).octets());
        assert_refused(client.call("Receive").with_octets(&b"short"[..]).json::<Value>());
        assert_refused(client.call("Receive").with_octets(io::repeat(7)).json::<Value>());
        assert_refused(client.call("Receive").with_octets(io::repeat(7).take(3_000_000)).json::<Value>());
        assert_refused(client.call("Echo").with(&"x".repeat(3_000_000)).json::<Value>());
        assert_refused(client.call("Store").with(&1).with_octets(io::repeat(7)).json::<Value>());
        assert_refused(client.call("Open").with(&1).json_and_octets::<Value>());
        assert_refused(client.call("Filter").with_octets(io::repeat(7)).octets());
        client.pipeline::<_, Value>("Echo", 0..1000).unwrap().for_each(assert_refused);
        assert_refused(
            OriginalClient::new(client.clone()).list(rpc_tests::ListRequest { prefix: String::new(), limit: 1 }),
        );
        assert_eq!(door.asked(), 10);

        let mut session = Session::connect(door.server.address()).unwrap();
        assert_refused(session.call("Echo").with(&1).json::<Value>());
        Session::connect(door.server.address()).unwrap().close().unwrap();
    });
}

#[test]
fn callers_that_share_a_connection_are_all_refused() {
    watchdog(|| {
        let door = Door::new(ServerConfig::default());
        let client = door.client(ClientConfig::default().shared_connections(1));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| assert_refused(echo(&client)));
            }
        });
        assert!(door.asked() <= 16);
        door.full.store(false, Ordering::SeqCst);
        assert_eq!(echo(&client).unwrap(), json!([1]));
    });
}

/// A pool connects before it has a call. If that comes late, the connection is replaced, and the
/// call hears the reason all the same.
#[test]
fn a_call_that_comes_late_is_refused_on_another_connection() {
    watchdog(|| {
        let soon = Some(Duration::from_millis(50));
        let door = Door::new(ServerConfig::default().idle_timeout(soon).stall_timeout(soon));
        let client = door.client(ClientConfig::default());
        // these are opened after that of the client, and closed after it
        for _ in 0..2 {
            let Address::Tcp(place) = door.server.address() else { unreachable!("it is bound to TCP") };
            TcpStream::connect(place).unwrap().read_to_end(&mut Vec::new()).unwrap();
        }
        assert_refused(echo(&client));
        assert_eq!(door.asked(), 4);
    });
}

#[test]
fn a_server_may_serve_with_it_on_its_own_thread() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap();
        let address = server.address().clone();
        thread::spawn(move || server.serve_with(|_peer| Err::<OriginalServer<Reference>, _>(Refused::new("full"))));
        assert_refused(echo(&Client::connect(&address).unwrap()));
    });
}

#[cfg(unix)]
#[test]
fn over_a_unix_socket_it_is_the_same() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix://{}", folder.path().join("socket").display());
        let refuse = |peer: &Peer| match peer.address() {
            rpc_core::PeerAddress::Unix(_) => Err(Refused::new("full")),
            _ => Ok(OriginalServer::new(Reference)),
        };
        let server = Server::bind(&*address).unwrap().spawn_with(refuse).unwrap();
        let client = Client::connect(server.address()).unwrap();
        assert_refused(echo(&client));
        assert_refused(client.call("Filter").with_octets(io::repeat(7)).octets());
    });
}
