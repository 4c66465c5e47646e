//! The limit on a server's connections.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use rpc_core::{Address, ServerConfig};
use rpc_tests::{watchdog, wire};

use crate::service::{Echo, EchoClient, serve_with};

#[test]
fn a_further_connection_is_served_when_one_ends() {
    watchdog(|| {
        let running = serve_with(ServerConfig::default().max_connections(2));
        let Address::Tcp(place) = running.address() else { unreachable!("it is bound to TCP") };
        let first = EchoClient::connect(running.address()).unwrap();
        let second = EchoClient::connect(running.address()).unwrap();
        assert_eq!((first.echo(1).unwrap(), second.echo(2).unwrap()), (1, 2));

        // the request is sent before this thread continues
        let mut third = TcpStream::connect(place).unwrap();
        third.write_all(&wire::request("echo", 3, "3")).unwrap();
        third.set_nonblocking(true).unwrap();
        for round in 0..200 {
            assert_eq!(first.echo(round).unwrap(), round);
            let early = third.read(&mut [0]);
            assert_eq!(early.unwrap_err().kind(), ErrorKind::WouldBlock, "the server is at its limit");
        }

        EchoClient::close(second).unwrap();
        third.set_nonblocking(false).unwrap();
        let mut reply = [0; 6];
        third.read_exact(&mut reply).unwrap();
        assert_eq!(reply[0], wire::HEADER);
        assert_eq!(first.echo(9).unwrap(), 9);
    });
}

#[test]
fn a_connection_whose_peer_is_gone_is_replaced() {
    watchdog(|| {
        let running = serve_with(ServerConfig::default().max_connections(1));
        let Address::Tcp(place) = running.address() else { unreachable!("it is bound to TCP") };
        for number in 0..50 {
            // some send nothing, some half a frame, some a call whose reply they do not read
            let mut rude = TcpStream::connect(place).unwrap();
            match number % 3 {
                0 => {}
                1 => rude.write_all(&wire::request("echo", 3, "3")[..4]).unwrap(),
                _ => rude.write_all(&wire::request("echo", 3, "3")).unwrap(),
            }
            drop(rude);
            let client = EchoClient::connect(running.address()).unwrap();
            assert_eq!(client.echo(number).unwrap(), number);
            EchoClient::close(client).unwrap();
        }
    });
}
