//! Who is at the other end: what a verified certificate says, on both sides.

use rpc_core::{CallContext, Certificate, ClientConfig, Error, Result, Server, ServerConfig, rpc_service};
use rpc_tests::certificates::authority;
use rpc_tests::watchdog;
use rpc_tls::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rpc_tls::{TlsAcceptor, TlsConnector};

use super::serving::for_here;

#[rpc_service]
trait Mirror {
    fn caller(&self) -> Result<(Vec<String>, Option<String>, [u8; 32])>;
}

#[derive(Clone)]
struct Looking;

impl Mirror for Looking {
    fn caller(&self) -> Result<(Vec<String>, Option<String>, [u8; 32])> {
        let context = CallContext::current().expect("a call");
        let certificate = context.peer().certificate().ok_or_else(|| Error::new("nobody knows"))?;
        Ok(described(certificate))
    }
}

fn described(certificate: &Certificate) -> (Vec<String>, Option<String>, [u8; 32]) {
    let names = certificate.dns_names().map(str::to_owned).collect();
    (names, certificate.spiffe_id().map(str::to_owned), certificate.public_key_sha256())
}

fn serve(acceptor: TlsAcceptor) -> rpc_core::ServerHandle {
    let config = ServerConfig::default().tls(acceptor);
    Server::bind_with("tls://127.0.0.1:0", config).unwrap().spawn(MirrorServer::new(Looking)).unwrap()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let suite = TLS13_AES_128_GCM_SHA256.tls13().expect("a suite of TLS 1.3");
    suite.common.hash_provider.hash(bytes).as_ref().try_into().expect("32 bytes")
}

#[test]
fn a_handler_knows_its_callers_names_and_key() {
    watchdog(|| {
        let server = serve(TlsAcceptor::mutual(for_here().identity(), authority().roots()));
        let issued = authority().issue(&["ann.test", "spiffe://test/ann", "a.ann.test"]);
        let connector = TlsConnector::mutual(authority().roots(), issued.identity());
        let client = MirrorClient::connect_with(server.address(), ClientConfig::default().tls(connector)).unwrap();
        let (names, spiffe, digest) = client.caller().unwrap();
        assert_eq!(names, ["ann.test", "a.ann.test"]);
        assert_eq!(spiffe.as_deref(), Some("spiffe://test/ann"));
        assert_eq!(digest, sha256(&issued.public_key));
    });
}

#[test]
fn a_caller_who_showed_none_is_nobody() {
    watchdog(|| {
        let server = serve(TlsAcceptor::new(for_here().identity()));
        let connector = TlsConnector::new(authority().roots());
        let client = MirrorClient::connect_with(server.address(), ClientConfig::default().tls(connector)).unwrap();
        assert_eq!(client.caller().unwrap_err().to_string(), "nobody knows");
    });
}
