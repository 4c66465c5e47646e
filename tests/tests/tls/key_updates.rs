//! Keys change while streams go both ways. Each key may be used for a few records only, so that
//! each side asks for new ones all the time.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rpc_core::transport::memory_pair;
use rpc_core::{Call, Client, Contract, Contracts, Dispatch, Served, serve_connection};
use rpc_tests::certificates::authority;
use rpc_tests::{pattern, watchdog_with_limit};
use rpc_tls::rustls::crypto::cipher::UnsupportedOperationError;
use rpc_tls::rustls::crypto::cipher::{AeadKey, Iv, MessageDecrypter, MessageEncrypter, Tls13AeadAlgorithm};
use rpc_tls::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rpc_tls::rustls::crypto::{CipherSuiteCommon, CryptoProvider, ring};
use rpc_tls::rustls::pki_types::pem::PemObject;
use rpc_tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rpc_tls::rustls::{self, ConnectionTrafficSecrets, RootCertStore, SupportedCipherSuite, Tls13CipherSuite};
use rpc_tls::{TlsAcceptor, TlsConnector};

/// How many records a key is good for.
const RECORDS: u64 = 5;

/// Bytes of a stream in each direction.
const BYTES: u64 = 8 << 20;

static ENCRYPTERS: AtomicUsize = AtomicUsize::new(0);
static DECRYPTERS: AtomicUsize = AtomicUsize::new(0);

/// An algorithm that counts the keys that it gets.
struct Counted(&'static dyn Tls13AeadAlgorithm);

impl Tls13AeadAlgorithm for Counted {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        ENCRYPTERS.fetch_add(1, Ordering::SeqCst);
        self.0.encrypter(key, iv)
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        DECRYPTERS.fetch_add(1, Ordering::SeqCst);
        self.0.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }
}

fn short_lived_keys() -> Arc<CryptoProvider> {
    let suite = TLS13_AES_128_GCM_SHA256.tls13().expect("a suite of TLS 1.3");
    let common = CipherSuiteCommon {
        suite: suite.common.suite,
        hash_provider: suite.common.hash_provider,
        confidentiality_limit: RECORDS,
    };
    let aead_alg = Box::leak(Box::new(Counted(suite.aead_alg)));
    let suite = Tls13CipherSuite { common, hkdf_provider: suite.hkdf_provider, aead_alg, quic: None };
    let cipher_suites = vec![SupportedCipherSuite::Tls13(Box::leak(Box::new(suite)))];
    Arc::new(CryptoProvider { cipher_suites, ..ring::default_provider() })
}

fn both_sides() -> (TlsConnector, TlsAcceptor) {
    let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(der(&authority().certificate())).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(short_lived_keys());
    let client = client.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let issued = authority().issue(&["localhost"]);
    let server = rustls::ServerConfig::builder_with_provider(short_lived_keys());
    let server = server.with_protocol_versions(&[&rustls::version::TLS13]).unwrap().with_no_client_auth();
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let server = server.with_single_cert(vec![der(&issued.certificate)], key).unwrap();
    (TlsConnector::from_rustls(Arc::new(client)), TlsAcceptor::from_rustls(Arc::new(server)))
}

/// Returns what it is sent.
struct Echo;

impl Dispatch for Echo {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Echo") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.takes_octets().returns_octets(Ok::<_, rpc_core::Error>)
    }
}

#[test]
fn streams_both_ways_survive_new_keys_in_both_directions() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (connector, acceptor) = both_sides();
        let (near, far) = memory_pair();
        let serving = thread::spawn(move || serve_connection(acceptor.over(far), Echo));
        let client = Client::from_transport(connector.over(near, "localhost")).unwrap();
        for _ in 0..2 {
            let mut echoed = client.call("echo").with_octets(io::Cursor::new(pattern(BYTES))).octets().unwrap();
            let mut received = Vec::new();
            echoed.read_to_end(&mut received).unwrap();
            assert!(received == pattern(BYTES), "the echo differs");
        }
        client.close().unwrap();
        serving.join().unwrap().unwrap();
        let [encrypters, decrypters] = [&ENCRYPTERS, &DECRYPTERS].map(|count| count.load(Ordering::SeqCst));
        println!("{encrypters} keys to encrypt, {decrypters} to decrypt");
        // each stream has taken at least 512 records
        assert!(encrypters > 400 && decrypters > 400, "{encrypters}, {decrypters}");
    });
}
