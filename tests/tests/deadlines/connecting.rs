//! Connecting counts towards a call's time limit, and the error names the limit that applied.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{Client, ClientConfig, Error, Operation};
use rpc_tests::{watchdog, wire};

use crate::far_end::{SOON, met, patient, soon};

/// Answers the only request on the first connection, closes it, and waits.
fn answer_one(mut stream: impl Read + Write) {
    stream.read_exact(&mut [0]).unwrap();
    stream.write_all(&[wire::ok(3), wire::data("1")].concat()).unwrap();
}

/// Makes a call, then another after the connection has ended and no further one is accepted.
fn call_twice(address: &str, config: ClientConfig, accept: impl FnOnce() + Send, fill: impl FnOnce()) -> Error {
    let client = Client::connect_with(address, config).unwrap();
    thread::scope(|scope| {
        let accepted = scope.spawn(accept);
        assert_eq!(client.call("x").with(&()).json::<u8>().unwrap(), 1);
        accepted.join().unwrap();
    });
    fill();
    // a connection used a moment ago is not checked: let it become idle
    let (_nobody, never) = mpsc::channel::<()>();
    _ = never.recv_timeout(Duration::from_millis(50));
    client.with_options(soon()).call("x").with(&()).json::<u8>().unwrap_err()
}

/// The client's own limit for connecting is longer or absent.
fn configs() -> [ClientConfig; 2] {
    [patient(), patient().connect_timeout(None)]
}

#[test]
fn a_full_listen_queue_over_unix_sockets() {
    watchdog(|| {
        for config in configs() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("full.sock");
            let listener = UnixListener::bind(&path).unwrap();
            rustix::net::listen(&listener, 0).unwrap();
            let mut filling = Vec::new();
            let address = format!("unix://{}", path.display());
            let error = call_twice(
                &address,
                config,
                || answer_one(listener.accept().unwrap().0),
                || filling.push(UnixStream::connect(&path).unwrap()),
            );
            assert!(met(error, Operation::Connecting));
        }
    });
}

#[test]
fn a_full_listen_queue_over_tcp() {
    watchdog(|| {
        for config in configs() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            rustix::net::listen(&listener, 0).unwrap();
            let place = listener.local_addr().unwrap();
            let mut filling = Vec::new();
            let error = call_twice(
                &format!("tcp://{place}"),
                config,
                || answer_one(listener.accept().unwrap().0),
                || {
                    // connections beyond the queue run into their limit
                    while let Ok(stream) = TcpStream::connect_timeout(&place, SOON) {
                        filling.push(stream);
                    }
                },
            );
            assert!(met(error, Operation::Connecting));
        }
    });
}
