//! The limit on connections from one peer.

use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rpc_core::transport::{Listener, Parts, memory_pair};
use rpc_core::{
    Address, Client, ClientConfig, Credentials, Peer, PeerAddress, Server, ServerConfig, ServerHandle, Transport,
};
use rpc_tests::watchdog;

use crate::service::{Heard, Work, WorkClient, WorkServer, handler, observed};

/// Connections from whomever the test says.
struct Doors {
    incoming: Mutex<mpsc::Receiver<Option<Parts>>>,
    bell: mpsc::Sender<Option<Parts>>,
}

impl Listener for Doors {
    type Transport = Parts;

    fn accept(&self) -> io::Result<Option<Parts>> {
        Ok(self.incoming.lock().unwrap().recv().ok().flatten())
    }

    fn address(&self) -> Address {
        Address::Other("the doors".to_owned())
    }

    fn wake(&self) {
        _ = self.bell.send(None);
    }
}

fn from_address(address: &str) -> Peer {
    Peer::new(PeerAddress::Tcp(address.parse().unwrap()))
}

fn user(uid: u32) -> Peer {
    Peer::new(PeerAddress::Unix(None)).with_credentials(Credentials::new(uid, 0, None))
}

/// A server of one connection per peer, and a function that returns a client of a peer.
fn serve() -> (ServerHandle, Arc<Heard>, Waits, impl Fn(Peer) -> WorkClient + Clone) {
    let (bell, incoming) = mpsc::channel();
    let door = bell.clone();
    let doors = Doors { incoming: Mutex::new(incoming), bell };
    let (config, heard) = observed(ServerConfig::default().max_connections_per_peer(Some(1)));
    let (handler, waits) = handler();
    let server = Server::new_with(doors, config).unwrap().spawn(WorkServer::new(handler)).unwrap();
    let client = move |peer: Peer| {
        let door = door.clone();
        let connect = move |_left| {
            let (near, far) = memory_pair();
            let parts = Parts { peer: peer.clone(), ..far.into_parts()? };
            door.send(Some(parts)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
            Ok(near)
        };
        WorkClient::new(Client::with_connector("the doors", connect, ClientConfig::default()))
    };
    (server, heard, waits, client)
}

/// How to end each call of `wait`.
type Waits = mpsc::Receiver<mpsc::Sender<()>>;

/// Connections of one peer that found no place used up the threads, and kept out all others.
#[test]
fn one_peer_does_not_keep_out_others() {
    watchdog(|| {
        let (_server, heard, waits, client) = serve();
        let busy = client(from_address("10.0.0.1:1"));
        let others: Vec<_> = (0..40).map(|_| client(from_address("10.0.0.1:2"))).collect();
        thread::scope(|scope| {
            let call = scope.spawn(|| busy.wait());
            let end = waits.recv().unwrap();
            let calls: Vec<_> = others.iter().map(|client| scope.spawn(|| client.echo(1))).collect();
            assert_eq!(client(from_address("10.0.0.2:1")).echo(1).unwrap(), 1);
            assert!(calls.into_iter().all(|call| call.join().unwrap().unwrap_err().never_ran()));
            let refused = heard.refused.lock().unwrap().len();
            assert!((1..20).contains(&refused), "{refused} of 40 heard the reason, the others a Reset");
            end.send(()).unwrap();
            call.join().unwrap().unwrap();
        });
    });
}

#[test]
fn each_peer_has_its_own_limit() {
    watchdog(|| {
        let (_server, heard, waits, client) = serve();
        let clients =
            [from_address("10.0.0.1:1"), from_address("[::ffff:10.0.0.2]:1"), user(5), user(6)].map(client.clone());
        thread::scope(|scope| {
            let calls: Vec<_> = clients.iter().map(|client| scope.spawn(|| client.wait())).collect();
            let ends: Vec<_> = calls.iter().map(|_| waits.recv().unwrap()).collect();
            // the port does not matter, nor how an address is written
            for (peer, name) in [
                (from_address("10.0.0.1:2"), "10.0.0.1"),
                (from_address("10.0.0.2:1"), "10.0.0.2"),
                (user(6), "user 6"),
            ] {
                let error = client(peer).echo(1).unwrap_err();
                let expected = format!("there are 1 connections from {name}, and no more are allowed at a time");
                assert_eq!(error.to_string(), expected);
                assert!(error.never_ran());
            }
            for peer in [from_address("10.0.0.3:1"), user(7), Peer::new(PeerAddress::Memory)] {
                assert_eq!(client(peer).echo(1).unwrap(), 1);
            }
            ends.iter().for_each(|end| end.send(()).unwrap());
            calls.into_iter().for_each(|call| call.join().unwrap().unwrap());
        });
        // its idle connection makes room for another of the same peer
        assert_eq!(client(user(6)).echo(2).unwrap(), 2);
        assert_eq!(heard.refused.lock().unwrap().len(), 3);
    });
}
