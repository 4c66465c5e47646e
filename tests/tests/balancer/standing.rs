//! What holds while no server changes.

use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use rpc_core::{Client, ClientConfig};
use rpc_tests::watchdog;

use crate::haproxy::HaProxy;
use crate::server::{ServerProcess, Work, WorkClient};

#[test]
fn the_peer_is_the_client_of_the_balancer() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let servers = [(); 3].map(|()| ServerProcess::start(folder.path()));
        let Some(haproxy) = HaProxy::start(servers.each_ref().map(|server| server.address)) else { return };
        let address = haproxy.address;
        let ours = Arc::new(Mutex::new(None));
        let note = Arc::clone(&ours);
        let connect = move |_left| {
            let stream = TcpStream::connect(address)?;
            *note.lock().unwrap() = Some(stream.local_addr()?);
            Ok(stream)
        };
        let client = WorkClient::new(Client::with_connector("haproxy", connect, ClientConfig::default()));
        let found = client.who().unwrap();
        let ours = ours.lock().unwrap().unwrap();
        assert!(found.starts_with(&format!("tcp://{ours} through tcp://127.0.0.1:")), "{found}");
        // a client of a Unix socket has no address that HAProxy could pass on. Version 2.6 says
        // that it connects for itself
        let found = WorkClient::connect(haproxy.unix_address()).unwrap().who().unwrap();
        let unnamed = found.starts_with("a client that the proxy does not name through tcp://127.0.0.1:");
        assert!(unnamed || found.starts_with("tcp://127.0.0.1:") && !found.contains("through"), "{found}");
    });
}

#[test]
fn the_check_finds_out_which_servers_live() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let servers = [(); 3].map(|()| ServerProcess::start(folder.path()));
        let Some(haproxy) = HaProxy::start(servers.each_ref().map(|server| server.address)) else { return };
        let [one, two, three] = servers;
        haproxy.await_status("three", "UP");
        one.kill();
        two.stop();
        haproxy.await_status("one", "DOWN");
        haproxy.await_status("two", "DOWN");
        let client = WorkClient::connect(haproxy.address).unwrap();
        (1..10).for_each(|id| assert_eq!(client.run(id).unwrap(), id));
        assert_eq!(three.calls(), 9);
        let again = ServerProcess::start(folder.path());
        haproxy.add("one", again.address);
        haproxy.await_status("one", "UP");
    });
}
