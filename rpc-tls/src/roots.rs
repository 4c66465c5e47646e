//! Whom a side trusts.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::pem;

/// The authorities whose certificates one side accepts of the other. There is at least one.
#[derive(Clone)]
pub struct Roots(pub(crate) Arc<RootCertStore>);

impl Roots {
    /// Reads the certificates of authorities from a PEM file.
    ///
    /// # Errors
    /// If the file cannot be read, or holds no certificate or one that is malformed. Names the
    /// file.
    pub fn from_pem_file(path: impl AsRef<Path>) -> io::Result<Roots> {
        let (source, bytes) = pem::read(path.as_ref())?;
        Roots::new(&source, pem::certificates(&source, &bytes)?)
    }

    /// Reads the certificates of authorities from PEM.
    ///
    /// # Errors
    /// If it holds no certificate, or one that is malformed.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> io::Result<Roots> {
        let source = "the roots";
        Roots::new(source, pem::certificates(source, pem.as_ref())?)
    }

    /// Returns the authorities that the system trusts, as read from its store now.
    ///
    /// # Errors
    /// If there are none that can be read.
    #[cfg(feature = "system-roots")]
    pub fn of_the_system() -> io::Result<Roots> {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        // some systems hold certificates that rustls does not take
        store.add_parsable_certificates(found.certs);
        if store.is_empty() {
            let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
            return Err(pem::invalid("the system's roots", format_args!("none can be used: {}", errors.join(", "))));
        }
        Ok(Roots(Arc::new(store)))
    }

    fn new(source: &str, certificates: Vec<CertificateDer<'static>>) -> io::Result<Roots> {
        let mut store = RootCertStore::empty();
        for (number, certificate) in certificates.into_iter().enumerate() {
            let added = store.add(certificate);
            added.map_err(|error| pem::invalid(source, format_args!("certificate {}: {error}", number + 1)))?;
        }
        Ok(Roots(Arc::new(store)))
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots").field("certificates", &self.0.len()).finish()
    }
}
