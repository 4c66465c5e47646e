//! What one side shows the other: a certificate, and a proof that it has the key.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::ResolvesClientCert;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, SignatureScheme};

use super::{pem, provider::provider};

/// A certificate with those that lead to its authority, and its private key, which belongs to it.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads the certificate, followed by those of authorities between it and a root, from one PEM
    /// file, and the private key (PKCS #8, PKCS #1 or SEC 1) from another, or from the same.
    ///
    /// # Errors
    /// If a file cannot be read or does not hold that, or if the key is not that of the
    /// certificate, as while both are being replaced. Names the file.
    pub fn from_pem_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> io::Result<Identity> {
        let ((certificate, chain), (key, secret)) = (pem::read(certificate.as_ref())?, pem::read(key.as_ref())?);
        let chain = pem::certificates(&certificate, &chain)?;
        Identity::new(&certificate, chain, &key, pem::private_key(&key, &secret)?)
    }

    /// Reads certificate and key from PEM; otherwise as
    /// [`from_pem_files`](Identity::from_pem_files).
    ///
    /// # Errors
    /// As [`from_pem_files`](Identity::from_pem_files).
    pub fn from_pem(certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> io::Result<Identity> {
        let names = ["the certificate", "the key"];
        let chain = pem::certificates(names[0], certificate.as_ref())?;
        Identity::new(names[0], chain, names[1], pem::private_key(names[1], key.as_ref())?)
    }

    fn new(
        certificate: &str,
        chain: Vec<CertificateDer<'static>>,
        key: &str,
        secret: PrivateKeyDer<'static>,
    ) -> io::Result<Identity> {
        let signs = provider().key_provider.load_private_key(secret).map_err(|error| pem::invalid(key, error))?;
        let pair = CertifiedKey::new(chain, signs);
        match pair.keys_match() {
            // a key that cannot say whose it is
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Identity(Arc::new(pair))),
            Err(Error::InconsistentKeys(_)) => {
                Err(pem::invalid(key, format_args!("this is not the key of the certificate in {certificate}")))
            }
            Err(error) => Err(pem::invalid(certificate, error)),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.0.cert.len()).finish_non_exhaustive()
    }
}

/// The identity that new connections show, which can be replaced.
#[derive(Debug)]
pub(crate) struct Shown(RwLock<Identity>);

impl Shown {
    pub(crate) fn new(identity: Identity) -> Arc<Shown> {
        Arc::new(Shown(RwLock::new(identity)))
    }

    pub(crate) fn replace(&self, identity: Identity) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    fn present(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).0)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.present())
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _roots: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.present())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
