//! Headers of the PROXY protocol, by hand.

use std::net::SocketAddr;

pub(crate) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A header with this version and command, family and kind of socket, and rest.
pub(crate) fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let len = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &len, rest].concat()
}

/// What a balancer sends when it checks a server.
pub(crate) fn local() -> Vec<u8> {
    header(0x20, 0, &[])
}

/// A header on behalf of a client, followed by extensions.
pub(crate) fn of_client(client: SocketAddr, extensions: &[u8]) -> Vec<u8> {
    let balancer = 7411_u16.to_be_bytes();
    let port = client.port().to_be_bytes();
    match client {
        SocketAddr::V4(v4) => {
            header(0x21, 0x11, &[&v4.ip().octets()[..], &[10, 0, 0, 9], &port, &balancer, extensions].concat())
        }
        SocketAddr::V6(v6) => {
            header(0x21, 0x21, &[&v6.ip().octets()[..], &[9; 16], &port, &balancer, extensions].concat())
        }
    }
}

/// A header on behalf of a client of a Unix socket with this path.
pub(crate) fn of_unix_client(path: &[u8]) -> Vec<u8> {
    let mut addresses = [0; 216];
    addresses[..path.len()].copy_from_slice(path);
    addresses[108..114].copy_from_slice(b"/front");
    header(0x21, 0x31, &addresses)
}
