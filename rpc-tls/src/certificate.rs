//! What a verified certificate says, as plain data.

use ring::digest::{SHA256, digest};
use rpc_core::Certificate;
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// Returns what a certificate says that the handshake has verified. `None` if webpki cannot read
/// it, which did so when it verified it.
pub(crate) fn summary(certificate: &CertificateDer<'_>) -> Option<Certificate> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    let names = certificate.valid_dns_names().map(str::to_owned).collect();
    let uris = certificate.valid_uri_names().map(str::to_owned).collect();
    let key = digest(&SHA256, &certificate.subject_public_key_info());
    let key = key.as_ref().try_into().expect("SHA-256 has 32 bytes");
    Some(Certificate::new(names, uris, key))
}
