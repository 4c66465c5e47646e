//! Certificates that one side does not accept: the client hears why, and the server serves on.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime};

use rpc_core::{CallOptions, CancelToken, Client, Error, ServerConfig, Transport};
use rpc_tests::certificates::{Authority, authority};
use rpc_tests::watchdog;
use rpc_tls::{TlsAcceptor, TlsConnector};

use super::serving::{assert_says, call, config, for_here, refused, serve, serve_anybody, serve_with};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_unknown_authority() {
    watchdog(|| {
        let (server, good) = serve_anybody();
        let error = refused(&server, TlsConnector::new(Authority::new().roots()), good);
        assert_says(&error, &server, &["does not trust its authority", "give the client the authority's root"]);
    });
}

#[test]
fn a_certificate_for_another_name() {
    watchdog(|| {
        let server = serve(TlsAcceptor::new(authority().issue(&["other.test"]).identity()));
        let good = TlsConnector::new(authority().roots()).server_name("other.test").unwrap();
        let error = refused(&server, TlsConnector::new(authority().roots()), good);
        assert_says(&error, &server, &["other.test", "connect by a name that it is for"]);
    });
}

#[test]
fn a_certificate_that_has_expired() {
    watchdog(|| {
        let now = SystemTime::now();
        let old = authority().issue_between(&["127.0.0.1"], now - 2 * HOUR, now - HOUR);
        let server = serve(TlsAcceptor::new(old.identity()));
        let error = call(&server, TlsConnector::new(authority().roots())).unwrap_err();
        assert_says(&error, &server, &["expired", "the server needs a new one"]);
    });
}

#[test]
fn a_certificate_that_is_not_valid_yet() {
    watchdog(|| {
        let now = SystemTime::now();
        let early = authority().issue_between(&["127.0.0.1"], now + HOUR, now + 2 * HOUR);
        let server = serve(TlsAcceptor::new(early.identity()));
        let error = call(&server, TlsConnector::new(authority().roots())).unwrap_err();
        assert_says(&error, &server, &["not valid yet", "the clock"]);
    });
}

#[test]
fn a_client_without_a_certificate_where_one_is_required() {
    watchdog(|| {
        let server = serve(TlsAcceptor::mutual(for_here().identity(), authority().roots()));
        let good = TlsConnector::mutual(authority().roots(), authority().issue(&["ann.test"]).identity());
        let error = refused(&server, TlsConnector::new(authority().roots()), good);
        assert_says(&error, &server, &["requires a certificate of this client", "give the client an identity"]);
    });
}

#[test]
fn a_client_of_an_authority_that_the_server_does_not_know() {
    watchdog(|| {
        let server = serve(TlsAcceptor::mutual(for_here().identity(), authority().roots()));
        let with =
            |issuer: &Authority| TlsConnector::mutual(authority().roots(), issuer.issue(&["ann.test"]).identity());
        let error = refused(&server, with(&Authority::new()), with(authority()));
        assert_says(&error, &server, &["does not accept this client's certificate (UnknownCA)"]);
    });
}

#[test]
fn a_client_whose_certificate_has_expired() {
    watchdog(|| {
        let server = serve(TlsAcceptor::mutual(for_here().identity(), authority().roots()));
        let now = SystemTime::now();
        let with = |end| {
            let issued = authority().issue_between(&["ann.test"], now - 2 * HOUR, end);
            TlsConnector::mutual(authority().roots(), issued.identity())
        };
        let error = refused(&server, with(now - HOUR), with(now + HOUR));
        assert_says(&error, &server, &["does not accept this client's certificate (CertificateExpired)"]);
    });
}

/// Otherwise any holder of a certificate could pretend to be the server.
#[test]
fn without_verification_anybody_is_accepted_and_nobody_is_known() {
    watchdog(|| {
        let server = serve(TlsAcceptor::new(Authority::new().issue(&["other.test"]).identity()));
        call(&server, TlsConnector::dangerous_without_verification(None)).unwrap();
    });
}

/// A handshake holds up nobody else, and does not last for ever.
#[test]
fn a_handshake_that_stalls_ends_at_its_limit() {
    watchdog(|| {
        let acceptor = TlsAcceptor::new(for_here().identity());
        let limit = Duration::from_millis(200);
        let server = serve_with(ServerConfig::default().tls(acceptor).handshake_timeout(Some(limit)));
        let place = server.address().to_string().replace("tls://", "");
        let mut silent = TcpStream::connect(&place).unwrap();
        // half of a record's header
        silent.write_all(&[0x16, 3, 1]).unwrap();
        call(&server, TlsConnector::new(authority().roots())).unwrap();
        let mut rest = Vec::new();
        silent.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "{rest:?}");
    });
}

#[test]
fn a_server_that_stalls_in_the_handshake_meets_the_clients_limit() {
    watchdog(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tls://{}", listener.local_addr().unwrap());
        let limit = Duration::from_millis(200);
        let config = config(TlsConnector::new(authority().roots())).connect_timeout(Some(limit));
        let error = Client::connect_with(&*address, config).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&address) && text.contains("not finished the TLS handshake in time"), "{text}");
        assert!(error.never_ran());
    });
}

#[test]
fn a_call_that_is_cancelled_during_the_handshake_ends_at_once() {
    watchdog(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tls://{}", listener.local_addr().unwrap());
        let acceptor = TlsAcceptor::new(for_here().identity());
        let accepting = thread::spawn(move || {
            // the connection that the client opens at once
            drop(acceptor.over(listener.accept().unwrap().0).into_parts().unwrap());
            listener
        });
        let config = config(TlsConnector::new(authority().roots())).max_idle_connections(0);
        let client = Client::connect_with(&*address, config).unwrap();
        let listener = accepting.join().unwrap();
        let token = CancelToken::new();
        let client = client.with_options(CallOptions::default().cancel(&token));
        let calling = thread::spawn(move || client.call("anything").with(&()).json::<()>());
        let accepted = listener.accept().unwrap();
        token.cancel();
        let error = calling.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Cancelled { .. }) && error.never_ran(), "{error:?}");
        drop(accepted);
    });
}

#[test]
fn a_name_that_no_certificate_can_be_for() {
    let error = TlsConnector::new(authority().roots()).server_name("no name").unwrap_err();
    assert!(error.to_string().contains("found \"no name\""), "{error}");
}
