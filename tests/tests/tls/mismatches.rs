//! One side speaks TLS, and the other does not; or one of them has no TLS at all.

use std::io::Write;
use std::net::{TcpListener, TcpStream};

use rpc_core::{Client, Server, ServerConfig};
use rpc_tests::certificates::authority;
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference, watchdog};
use rpc_tls::{TlsAcceptor, TlsConnector};

use super::serving::{call, config, for_here, serve_anybody};

#[test]
fn a_plain_client_on_a_tls_port_hears_what_to_write() {
    watchdog(|| {
        let (server, good) = serve_anybody();
        let plain = server.address().to_string().replace("tls://", "tcp://");
        let error = OriginalClient::connect(&*plain).unwrap().fail("").unwrap_err();
        assert!(error.to_string().contains("the address of a client begins with tls://"), "{error}");
        call(&server, good).unwrap();
    });
}

#[test]
fn a_tls_client_on_a_plain_port_hears_what_to_write() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(OriginalServer::new(Reference)).unwrap();
        let place = server.address().to_string().replace("tcp://", "tls://");
        let error = Client::connect_with(&*place, config(TlsConnector::new(authority().roots()))).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&place) && text.contains("use its tcp:// address"), "{text}");
        assert!(error.never_ran());
        OriginalClient::connect(server.address()).unwrap().echo(1.into()).unwrap();
    });
}

#[test]
fn a_client_without_tls_hears_what_it_lacks() {
    let error = Client::connect("tls://127.0.0.1:1").unwrap_err();
    assert!(
        error.to_string().contains("tls://127.0.0.1:1: the client has no TLS: give `ClientConfig::tls`"),
        "{error}"
    );
}

#[test]
fn a_server_without_tls_hears_what_it_lacks() {
    let error = Server::bind("tls://127.0.0.1:0").map(drop).unwrap_err();
    assert!(
        error.to_string().contains("tls://127.0.0.1:0: the server has no TLS: give `ServerConfig::tls`"),
        "{error}"
    );
}

/// Also a socket that systemd has passed on, and a listener of one's own.
#[test]
fn a_socket_that_was_bound_elsewhere_is_secured_as_well() {
    watchdog(|| {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let acceptor = TlsAcceptor::new(for_here().identity());
        let server = Server::new_with(socket, ServerConfig::default().tls(acceptor)).unwrap();
        let server = server.spawn(OriginalServer::new(Reference)).unwrap();
        assert!(server.address().to_string().starts_with("tls://"));
        call(&server, TlsConnector::new(authority().roots())).unwrap();
    });
}

/// The proxy speaks first, and what follows is its client's.
#[test]
fn tls_begins_after_a_proxys_header() {
    watchdog(|| {
        let acceptor = TlsAcceptor::new(for_here().identity());
        let config = ServerConfig::default().tls(acceptor).proxy_protocol(true);
        let server = Server::bind_with("tls://127.0.0.1:0", config).unwrap();
        let server = server.spawn(OriginalServer::new(Reference)).unwrap();
        let mut stream = TcpStream::connect(server.address().to_string().replace("tls://", "")).unwrap();
        // version 2, "local": a check of the proxy's own
        stream.write_all(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0").unwrap();
        let secured = TlsConnector::new(authority().roots()).over(stream, "localhost");
        let client = OriginalClient::new(Client::from_transport(secured).unwrap());
        assert_eq!(client.echo(1.into()).unwrap(), 1);
    });
}
