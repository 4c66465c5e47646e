//! What an idle connection costs its server.

use std::io;
use std::path::Path;
use std::time::Duration;

use rpc_core::{CallOptions, Client, ServerHandle};
use rpc_tests::heap::{alone, as_client, present};
use rpc_tests::watchdog_with_limit;

use crate::service::{Depot, DepotClient, serve, zeros};
use crate::streams::HELPERS;

/// The most heap that an idle connection may keep on the server, in bytes.
const ALLOWED: usize = 16 * 1024;

const CONNECTIONS: usize = 20;

/// A connection, and a second client of it whose calls carry enough metadata to nearly fill their
/// headers.
struct Connection {
    depot: DepotClient,
    laden: DepotClient,
}

impl Connection {
    fn new(server: &ServerHandle, metadata: usize) -> Connection {
        let client = Client::connect(server.address()).unwrap();
        let options = CallOptions::default().metadata("much", "m".repeat(metadata));
        Connection { depot: DepotClient::new(client.clone()), laden: DepotClient::new(client.with_options(options)) }
    }

    fn echo(&self, len: usize) {
        let text = "j".repeat(len);
        assert_eq!(self.depot.echo(text.clone()).unwrap(), text);
        assert_eq!(self.laden.echo(text.clone()).unwrap(), text);
    }

    /// Makes a call that the server refuses with an error that names the path.
    fn refused(&self, len: usize) {
        let path = "p".repeat(len);
        assert!(self.depot.file(Path::new(&path)).is_err());
    }
}

/// Measures connections that have each made these calls, then a small one: once its reply has
/// arrived, the server is done with the calls before. Returns the connections, so that what they
/// free does not count for the next measurement.
fn measure(server: &ServerHandle, what: &str, metadata: usize, calls: impl Fn(&Connection)) -> Vec<Connection> {
    let before = present();
    let connect = || {
        let connection = Connection::new(server, metadata);
        calls(&connection);
        assert_eq!(connection.depot.echo("small".to_owned()).unwrap(), "small");
        connection
    };
    let connections: Vec<_> = as_client(|| (0..CONNECTIONS).map(|_| connect()).collect());
    let server = (present().server - before.server) / CONNECTIONS;
    let client = (present().client - before.client) / CONNECTIONS;
    println!("an idle connection, after {what}: server {server} bytes, client {client} bytes");
    assert!(server <= ALLOWED, "an idle connection keeps {server} bytes after {what}");
    connections
}

#[test]
fn an_idle_connection_keeps_at_most_16_kib_of_heap_on_the_server() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(120), || {
        let server = serve("tcp://127.0.0.1:0");
        let held = [
            measure(&server, "small calls", 10, |connection| connection.echo(10)),
            measure(&server, "headers and JSON of 900 bytes", 800, |connection| {
                connection.echo(900);
                connection.refused(800);
            }),
            measure(&server, "headers and JSON of almost 4 KiB", 3800, |connection| {
                connection.echo(4000);
                connection.refused(3500);
            }),
            measure(&server, "JSON of 1 MiB", 10, |connection| connection.echo(1 << 20)),
            measure(&server, "streams", 10, |connection| {
                let (depot, len) = (&connection.depot, 1 << 20);
                assert_eq!(depot.down(len).unwrap().copy_to(&mut io::sink()).unwrap(), len);
                assert_eq!(depot.up(zeros(len)).unwrap(), len);
                assert_eq!(depot.store("name", zeros(len)).unwrap(), len);
                assert_eq!(depot.open(len).unwrap().1.copy_to(&mut io::sink()).unwrap(), len);
                if !HELPERS {
                    assert_eq!(depot.through(zeros(len)).unwrap().copy_to(&mut io::sink()).unwrap(), len);
                }
            }),
        ];
        as_client(|| drop(held));
    });
}
