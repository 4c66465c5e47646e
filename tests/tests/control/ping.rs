//! `Client::ping` says which revision a server speaks, whoever the server is.

use std::thread;
use std::time::Duration;

use rpc_core::{Client, ClientConfig, Error, Refused, Result, Server, Status, rpc_service};
use rpc_tests::{ScriptedPeer, watchdog, wire};

#[rpc_service]
trait Echo {
    fn echo(&self, text: &str) -> Result<String>;
}

#[derive(Clone)]
struct Handler;

impl Echo for Handler {
    fn echo(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }
}

/// Pings a server that sends these bytes when it has been asked, and returns the peer as well.
fn ping(config: ClientConfig, answer: Vec<u8>) -> (Result<u32>, Client, thread::JoinHandle<ScriptedPeer>) {
    let (mut peer, transport) = ScriptedPeer::new();
    let server = thread::spawn(move || {
        assert!(peer.await_requests(1));
        peer.send(&answer);
        peer
    });
    let client = Client::from_transport_with(transport, config).unwrap();
    (client.ping(), client, server)
}

#[test]
fn our_server_speaks_revision_1_and_goes_on() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(EchoServer::new(Handler)).unwrap();
        let client = Client::connect_with(server.address(), ClientConfig::default().max_connections(1)).unwrap();
        assert_eq!(client.ping().unwrap(), 1);
        assert_eq!(EchoClient::new(client.clone()).echo("a").unwrap(), "a");
        assert_eq!(client.ping().unwrap(), 1);
    });
}

#[test]
fn an_original_server_refuses_which_is_an_answer() {
    watchdog(|| {
        let (answer, client, server) = ping(ClientConfig::default(), wire::refusal(2, "not implemented"));
        assert_eq!(answer.unwrap(), 0);
        let mut peer = server.join().unwrap();
        let sent = wire::frames(&peer.received);
        assert_eq!(sent[0].payload.escape_ascii().to_string().matches("Ping").count(), 1);

        // nothing of the request is left for it to run, so the connection stays
        let server = thread::spawn(move || {
            assert!(peer.await_requests(2));
            peer.send(&wire::ok_json("7"));
        });
        assert_eq!(client.call("Seven").json::<u32>().unwrap(), 7);
        server.join().unwrap();
    });
}

#[test]
fn a_refused_connection_is_no_answer() {
    watchdog(|| {
        let refuse = |_: &_| Err::<EchoServer<Handler>, _>(Refused::new("members only"));
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn_with(refuse).unwrap();
        let error = Client::connect(server.address()).unwrap().ping().unwrap_err();
        assert!(error.never_ran() && error.to_string() == "members only", "{error:?}");
    });
}

#[test]
fn any_other_error_is_the_callers() {
    watchdog(|| {
        let (answer, ..) = ping(ClientConfig::default(), wire::no(3, "out of order"));
        assert!(matches!(answer, Err(Error::Remote(no)) if no.status == Status::ServerError));
        let (answer, ..) = ping(ClientConfig::default(), wire::ok(3));
        assert!(matches!(answer, Err(Error::Protocol { .. })), "{answer:?}");
    });
}

#[test]
fn a_silent_server_costs_the_time_of_a_call() {
    watchdog(|| {
        let config = ClientConfig::default().reply_timeout(Some(Duration::from_millis(50)));
        let (answer, ..) = ping(config, Vec::new());
        assert!(answer.as_ref().is_err_and(Error::is_timeout), "{answer:?}");
    });
}

/// The server had closed an idle connection, which the client notices when it writes.
#[test]
fn a_connection_that_has_ended_is_replaced() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap();
        let address = server.address().clone();
        let server = server.spawn(EchoServer::new(Handler)).unwrap();
        let client = Client::connect(&address).unwrap();
        assert_eq!(client.ping().unwrap(), 1);
        server.shutdown(Duration::ZERO);
        let _server = Server::bind(&address).unwrap().spawn(EchoServer::new(Handler)).unwrap();
        assert_eq!(client.ping().unwrap(), 1);
    });
}
