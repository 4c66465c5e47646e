//! Certificate and key are replaced while the server runs.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rpc_tests::certificates::{Authority, authority};
use rpc_tests::watchdog;
use rpc_tls::{Identity, TlsAcceptor, TlsConnector};

use super::serving::{call, for_here, serve};

#[test]
fn a_new_certificate_is_shown_to_new_connections() {
    watchdog(|| {
        let (old, new) = (Authority::new(), Authority::new());
        let [trusts_old, trusts_new] = [&old, &new].map(|authority| TlsConnector::new(authority.roots()));
        let acceptor = TlsAcceptor::new(old.issue(&["127.0.0.1"]).identity());
        let server = serve(acceptor.clone());
        call(&server, trusts_old.clone()).unwrap();
        acceptor.reload(new.issue(&["127.0.0.1"]).identity()).unwrap();
        call(&server, trusts_new).unwrap();
        call(&server, trusts_old).unwrap_err();
    });
}

#[test]
fn a_pair_that_does_not_match_keeps_the_old_one_and_says_so() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        let write = |issued: &rpc_tests::certificates::Issued| {
            fs::write(&certificate, &issued.certificate).unwrap();
            fs::write(&key, &issued.key).unwrap();
        };
        write(&for_here());
        let read = || Identity::from_pem_files(&certificate, &key);
        let acceptor = TlsAcceptor::new(read().unwrap());
        let server = serve(acceptor.clone());

        fs::write(&key, for_here().key).unwrap();
        let error = read().and_then(|identity| acceptor.reload(identity)).unwrap_err().to_string();
        let [certificate_name, key_name] = [&certificate, &key].map(|path| path.display().to_string());
        assert!(error.contains("is not the key of the certificate in"), "{error}");
        assert!(error.contains(&certificate_name) && error.contains(&key_name), "{error}");
        call(&server, TlsConnector::new(authority().roots())).unwrap();
    });
}

#[test]
fn files_that_hold_something_else_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key, missing] = ["cert.pem", "key.pem", "missing.pem"].map(|name| folder.path().join(name));
    let issued = for_here();
    fs::write(&certificate, &issued.certificate).unwrap();
    fs::write(&key, &issued.key).unwrap();
    for (first, second, named, says) in [
        (&missing, &key, &missing, "missing.pem: "),
        (&certificate, &missing, &missing, "missing.pem: "),
        (&key, &key, &key, "expected a certificate in PEM, found none"),
        (&certificate, &certificate, &certificate, "expected a private key in PEM without a password, found none"),
    ] {
        let error = Identity::from_pem_files(first, second).unwrap_err().to_string();
        assert!(error.contains(&named.display().to_string()) && error.contains(says), "{error}");
    }
    fs::write(&missing, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    let error = rpc_tls::Roots::from_pem_file(&missing).unwrap_err().to_string();
    assert!(error.contains("missing.pem: expected certificates in PEM: "), "{error}");
    let error = rpc_tls::Roots::from_pem_file(&key).unwrap_err().to_string();
    assert!(error.contains("key.pem: expected a certificate in PEM, found none"), "{error}");
}

#[test]
fn no_call_fails_while_certificates_are_replaced_under_load() {
    watchdog(|| {
        let acceptor = TlsAcceptor::new(for_here().identity());
        let server = serve(acceptor.clone());
        let connector = TlsConnector::new(authority().roots());
        let (stop, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        call(&server, connector.clone()).unwrap();
                        calls.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            let mut reloads = 0;
            while calls.load(Ordering::SeqCst) < 100 {
                acceptor.reload(for_here().identity()).unwrap();
                reloads += 1;
            }
            stop.store(true, Ordering::SeqCst);
            println!("{} connections, {reloads} certificates", calls.load(Ordering::SeqCst));
        });
    });
}
