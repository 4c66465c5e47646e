//! Limits of a server that has a balancer in front.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::{Client, ClientConfig, Server, ServerHandle};
use rpc_tests::{watchdog, wire};

use crate::header::of_client;
use crate::service::{Handler, Porter, PorterClient, PorterServer, config, headed, service};

fn place(server: &ServerHandle) -> String {
    server.address().to_string().trim_start_matches("tcp://").to_owned()
}

/// Returns a client with this IP address.
fn client(server: &ServerHandle, ip: [u8; 4]) -> PorterClient {
    let (place, header) = (place(server), of_client((ip, 50001).into(), &[]));
    let connect = move |_left| headed(TcpStream::connect(&place)?, &header);
    PorterClient::new(Client::with_connector(server.address(), connect, ClientConfig::default()))
}

/// All would share the limit of one peer, the balancer.
#[test]
fn connections_count_for_the_client_and_not_for_the_balancer() {
    watchdog(|| {
        let config = config().max_connections_per_peer(Some(1));
        let (handler, waits) = Handler::new();
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap();
        let server = server.spawn(PorterServer::new(handler)).unwrap();
        let clients = [1, 2].map(|last| client(&server, [203, 0, 113, last]));
        thread::scope(|scope| {
            let calls: Vec<_> = clients.iter().map(|client| scope.spawn(|| client.wait())).collect();
            let ends: Vec<_> = calls.iter().map(|_| waits.recv().unwrap()).collect();
            let error = client(&server, [203, 0, 113, 2]).who().unwrap_err();
            let expected = "there are 1 connections from 203.0.113.2, and no more are allowed at a time";
            assert_eq!(error.to_string(), expected);
            client(&server, [203, 0, 113, 3]).who().unwrap();
            drop(ends);
            calls.into_iter().for_each(|call| call.join().unwrap().unwrap());
        });
    });
}

/// Whoever connects and sends nothing holds up neither a stop nor the others.
#[test]
fn a_header_that_never_comes_holds_up_nobody() {
    watchdog(|| {
        let server = Server::bind_with("tcp://127.0.0.1:0", config()).unwrap().spawn(service()).unwrap();
        let _silent: Vec<_> = (0..3).map(|_| TcpStream::connect(place(&server)).unwrap()).collect();
        client(&server, [203, 0, 113, 1]).who().unwrap();
        let begun = Instant::now();
        server.shutdown(Duration::ZERO);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    });
}

/// The connections that a server of one connection sets up at once.
const MOST_THREADS: usize = 33;

/// Otherwise its client could not know that nothing has run.
#[test]
fn a_connection_in_the_listen_queue_of_a_server_that_stops_is_reset() {
    watchdog(|| {
        let server = Server::bind_with("tcp://127.0.0.1:0", config().max_connections(1)).unwrap();
        let server = server.spawn(service()).unwrap();
        let _silent: Vec<_> = (0..MOST_THREADS + 2).map(|_| TcpStream::connect(place(&server)).unwrap()).collect();
        let request = [of_client(([203, 0, 113, 1], 50001).into(), &[]), wire::request("who", 3, "null")].concat();
        let mut queued = TcpStream::connect(place(&server)).unwrap();
        queued.write_all(&request).unwrap();
        server.shutdown(Duration::ZERO);
        let mut sent = Vec::new();
        queued.read_to_end(&mut sent).unwrap();
        assert_eq!(sent, wire::reset());
    });
}
