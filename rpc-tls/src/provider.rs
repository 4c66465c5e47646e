//! The cryptography: always ring, whatever else the program uses.

use std::sync::{Arc, LazyLock};

use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;

/// Returns ring's algorithms. rustls's process-wide default is neither used nor set: a program may
/// hold another one, and two that disagree would panic.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static RING: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
    Arc::clone(&RING)
}

/// The versions of a connector or an acceptor.
pub(crate) static ONLY_1_3: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

#[cfg(feature = "tls12")]
pub(crate) static FROM_1_2: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];
