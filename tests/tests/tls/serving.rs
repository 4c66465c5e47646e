//! A server over TLS on a socket, and clients of it.

use std::time::Duration;

use rpc_core::transport::{ClientSecurity, ServerSecurity};
use rpc_core::{ClientConfig, Error, Result, Server, ServerConfig, ServerHandle};
use rpc_tests::certificates::{Issued, authority};
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference};
use rpc_tls::{TlsAcceptor, TlsConnector};
use serde_json::json;

/// Returns a certificate for where the tests' servers listen.
pub(crate) fn for_here() -> Issued {
    authority().issue(&["127.0.0.1", "localhost"])
}

pub(crate) fn serve(security: impl ServerSecurity) -> ServerHandle {
    serve_with(ServerConfig::default().tls(security))
}

pub(crate) fn serve_with(config: ServerConfig) -> ServerHandle {
    Server::bind_with("tls://127.0.0.1:0", config).unwrap().spawn(OriginalServer::new(Reference)).unwrap()
}

/// Returns a server without client certificates, and a connector that trusts it.
pub(crate) fn serve_anybody() -> (ServerHandle, TlsConnector) {
    (serve(TlsAcceptor::new(for_here().identity())), TlsConnector::new(authority().roots()))
}

pub(crate) fn config(security: impl ClientSecurity) -> ClientConfig {
    let limit = Some(Duration::from_secs(20));
    ClientConfig::default().tls(security).reconnect_attempts(0).connect_timeout(limit).reply_timeout(limit)
}

/// Connects and calls once.
pub(crate) fn call(server: &ServerHandle, security: impl ClientSecurity) -> Result<()> {
    let client = OriginalClient::connect_with(server.address(), config(security))?;
    assert_eq!(client.echo(json!([1, "two"]))?, json!([1, "two"]));
    Ok(())
}

/// Returns the error of a client, after which the server has to serve another.
pub(crate) fn refused(server: &ServerHandle, security: impl ClientSecurity, good: impl ClientSecurity) -> Error {
    let error = call(server, security).expect_err("it is refused");
    call(server, good).expect("the server serves on");
    error
}

/// Checks that an error says that nothing ran, names the server, and has these texts.
pub(crate) fn assert_says(error: &Error, server: &ServerHandle, texts: &[&str]) {
    let text = error.to_string();
    let place = server.address().to_string().replace("tls://", "");
    assert!(text.contains(&place), "{text} does not name {place}");
    for part in texts {
        assert!(text.contains(part), "{text} does not say {part:?}");
    }
    assert!(error.never_ran(), "{error:?}");
    println!("{text}");
}
