//! Reading PEM (RFC 7468), with errors that name the file.

use std::fs;
use std::io;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Returns an error of what was read.
pub(crate) fn invalid(source: &str, problem: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{source}: {problem}"))
}

/// Reads a file, whose path becomes the source that errors name.
pub(crate) fn read(path: &Path) -> io::Result<(String, Vec<u8>)> {
    let source = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| io::Error::new(error.kind(), format!("{source}: {error}")))?;
    Ok((source, bytes))
}

/// Returns the certificates, of which there is at least one.
pub(crate) fn certificates(source: &str, pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(invalid(source, "expected a certificate in PEM, found none")),
        Ok(found) => Ok(found),
        Err(error) => Err(invalid(source, format_args!("expected certificates in PEM: {error}"))),
    }
}

/// Returns the first private key.
pub(crate) fn private_key(source: &str, pem: &[u8]) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        pem::Error::NoItemsFound => invalid(source, "expected a private key in PEM without a password, found none"),
        error => invalid(source, format_args!("expected a private key in PEM: {error}")),
    })
}
