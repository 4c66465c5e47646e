//! What a peer's verified certificate says.

use std::fmt;

/// What the certificate says that a peer has proved to hold, after a layer such as TLS has verified
/// it: by a trusted authority, for its purpose and at that time.
///
/// Only names that have a certain form are here. A subject (`CN=…`) has none, so a certificate with
/// nothing else has no names; its key has a digest in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    dns_names: Vec<String>,
    uris: Vec<String>,
    public_key_sha256: [u8; 32],
}

impl Certificate {
    /// Returns what a security layer of your own has verified, or a certificate for a test. The
    /// digest is the SHA-256 of the public key, as DER of a `SubjectPublicKeyInfo` (RFC 5280).
    pub fn new(dns_names: Vec<String>, uris: Vec<String>, public_key_sha256: [u8; 32]) -> Certificate {
        Certificate { dns_names, uris, public_key_sha256 }
    }

    /// Returns its DNS names, in the certificate's order; a name may begin with `*.`.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> {
        self.dns_names.iter().map(String::as_str)
    }

    /// Returns its URIs, in the certificate's order.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().map(String::as_str)
    }

    /// Returns the peer's SPIFFE ID: the certificate's URI, if it has exactly one and that begins
    /// with `spiffe://` (SPIFFE's X509-SVID, section 2).
    pub fn spiffe_id(&self) -> Option<&str> {
        match &*self.uris {
            [uri] if uri.starts_with("spiffe://") => Some(uri),
            _ => None,
        }
    }

    /// Returns the SHA-256 of the public key, as DER of a `SubjectPublicKeyInfo`. It stays the same
    /// when a certificate is renewed for the same key, and needs no name. `openssl x509 -pubkey
    /// -noout | openssl pkey -pubin -outform der | sha256sum` prints it as well.
    pub fn public_key_sha256(&self) -> [u8; 32] {
        self.public_key_sha256
    }
}

impl fmt::Display for Certificate {
    /// Prints the first URI or, without one, the first name or the beginning of the key's digest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.uris.first().or(self.dns_names.first()) {
            Some(name) => write!(f, "{}", name.escape_debug()),
            None => {
                f.write_str("key ")?;
                self.public_key_sha256[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_uris(uris: &[&str]) -> Certificate {
        Certificate::new(vec!["a.test".to_owned()], uris.iter().map(|&uri| uri.to_owned()).collect(), [0xab; 32])
    }

    #[test]
    fn only_a_single_uri_is_a_spiffe_id() {
        assert_eq!(with_uris(&["spiffe://a/b"]).spiffe_id(), Some("spiffe://a/b"));
        for none in [&[][..], &["https://a/b"], &["spiffe://a/b", "spiffe://a/c"]] {
            assert_eq!(with_uris(none).spiffe_id(), None);
        }
    }

    #[test]
    fn prints_what_tells_it_from_others() {
        assert_eq!(with_uris(&["spiffe://a/b\n"]).to_string(), "spiffe://a/b\\n");
        assert_eq!(with_uris(&[]).to_string(), "a.test");
        assert_eq!(Certificate::new(vec![], vec![], [0xab; 32]).to_string(), "key abababababababab");
    }
}
