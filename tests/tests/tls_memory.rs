//! How much memory an idle connection over TLS takes.

use rpc_core::{Client, Server, ServerConfig};
use rpc_tests::certificates::both_sides;
use rpc_tests::heap::{self, Counted};
use rpc_tests::{OriginalServer, Reference, watchdog};

#[global_allocator]
static HEAP: Counted = Counted;

const CONNECTIONS: usize = 50;

/// Its server may have a thousand of them.
#[test]
fn an_idle_connection_keeps_at_most_64_kib_of_heap_on_its_server() {
    watchdog(|| {
        let _alone = heap::alone();
        let (connector, acceptor) = both_sides();
        let server = Server::bind_with("tcp://127.0.0.1:0", ServerConfig::default().tls(acceptor)).unwrap();
        let server = server.spawn(OriginalServer::new(Reference)).unwrap();
        let place = server.address().to_string().replace("tls://", "");
        let connect = || {
            heap::as_client(|| {
                let stream = std::net::TcpStream::connect(&place).unwrap();
                let client = Client::from_transport(connector.over(stream, "localhost")).unwrap();
                assert_eq!(client.call("Echo").with(&1).json::<u32>().unwrap(), 1);
                client
            })
        };
        // what the first one takes for all
        let first = connect();
        let before = heap::present();
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| connect()).collect();
        let after = heap::present();
        let [server, client] =
            [after.server - before.server, after.client - before.client].map(|all| all / CONNECTIONS);
        println!("an idle connection takes {server} bytes of heap on its server, {client} on its client");
        assert!(server < 64 << 10, "{server} bytes");
        drop((first, clients));
    });
}
