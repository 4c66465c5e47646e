//! Peers that are not this library: some only differ, some mean harm. The server serves on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{Client, ServerHandle, serve_connection};
use rpc_tests::certificates::authority;
use rpc_tests::{OriginalServer, Reference, watchdog, wire};
use rpc_tls::rustls::pki_types::pem::PemObject;
use rpc_tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rpc_tls::rustls::{self, ClientConnection, RootCertStore, StreamOwned};
use rpc_tls::{TlsAcceptor, TlsConnector};

use super::serving::{call, for_here, serve_anybody};

fn place(server: &ServerHandle) -> String {
    server.address().to_string().replace("tls://", "")
}

/// Connects with rustls alone.
fn bare(server: &ServerHandle) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority().certificate().as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let tls = ClientConnection::new(Arc::new(config), "127.0.0.1".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(tls, TcpStream::connect(place(server)).unwrap());
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    stream
}

#[test]
fn a_bare_client_can_call() {
    watchdog(|| {
        let (server, _) = serve_anybody();
        let mut stream = bare(&server);
        stream.write_all(&wire::request("Echo", 3, "[7]")).unwrap();
        let mut reply = vec![0; wire::ok_json("[7]").len()];
        stream.read_exact(&mut reply[..1]).unwrap();
        assert_eq!(reply[0], wire::HEADER);
    });
}

#[test]
fn another_protocol_is_refused() {
    watchdog(|| {
        let (server, good) = serve_anybody();
        let mut stream = TcpStream::connect(place(&server)).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        // an alert
        assert_eq!(rest.first(), Some(&0x15), "{rest:?}");
        call(&server, good).unwrap();
    });
}

#[test]
fn a_record_that_was_changed_ends_the_connection() {
    watchdog(|| {
        let (server, good) = serve_anybody();
        let mut stream = bare(&server);
        stream.conn.writer().write_all(&wire::request("Echo", 3, "[7]")).unwrap();
        let mut records = Vec::new();
        stream.conn.write_tls(&mut records).unwrap();
        *records.last_mut().unwrap() ^= 1;
        stream.sock.write_all(&records).unwrap();
        let error = stream.read(&mut [0; 100]).unwrap_err();
        assert!(error.to_string().contains("BadRecordMac"), "{error}");
        call(&server, good).unwrap();
    });
}

#[test]
fn a_flood_of_key_updates_ends_the_connection() {
    watchdog(|| {
        let (server, good) = serve_anybody();
        let mut stream = bare(&server);
        let flood = (0..1000).try_for_each(|_| {
            stream.conn.refresh_traffic_keys().unwrap();
            stream.flush()
        });
        let ended = flood.and_then(|()| stream.read(&mut [0; 100]));
        assert!(!matches!(ended, Ok(1..)), "{ended:?}");
        call(&server, good).unwrap();
    });
}

/// Each ticket is a record without content, which no call is owed.
#[test]
fn tickets_are_no_replies() {
    watchdog(|| {
        let issued = for_here();
        let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let mut config = config.with_single_cert(chain, key).unwrap();
        config.send_tls13_tickets = 200;
        let acceptor = TlsAcceptor::from_rustls(Arc::new(config));
        let (near, far) = memory_pair();
        let serving = thread::spawn(move || serve_connection(acceptor.over(far), OriginalServer::new(Reference)));
        let connector = TlsConnector::new(authority().roots());
        let client = Client::from_transport(connector.over(near, "localhost")).unwrap();
        for number in 0..3 {
            assert_eq!(client.call("Echo").with(&number).json::<u32>().unwrap(), number);
        }
        client.close().unwrap();
        serving.join().unwrap().unwrap();
    });
}
