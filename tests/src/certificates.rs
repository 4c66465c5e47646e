//! Certificates for tests, of an authority that is made once in each process.

use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData, SanType};
use rpc_core::Transport;
use rpc_core::transport::Parts;
use rpc_tls::{Identity, Roots, TlsAcceptor, TlsConnector};

/// Issues certificates.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
    /// The public key, as DER of a `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
}

/// Returns the authority that most tests trust.
pub fn authority() -> &'static Authority {
    static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);
    &AUTHORITY
}

impl Authority {
    /// Returns a new one, which nobody knows.
    ///
    /// # Panics
    /// If no key can be made.
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Authority {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // two with one name could be taken for each other until their keys are compared
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        params.distinguished_name.push(DnType::CommonName, format!("authority {number}"));
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    /// Returns its own certificate, as PEM.
    pub fn certificate(&self) -> String {
        self.0.pem()
    }

    /// Returns it as what a side trusts.
    ///
    /// # Panics
    /// Never, because it is valid.
    pub fn roots(&self) -> Roots {
        Roots::from_pem(self.certificate()).expect("it is valid")
    }

    /// Issues a certificate for these names (IP addresses, URIs with `://`, DNS names), which is
    /// valid for an hour before and after now.
    ///
    /// # Panics
    /// If it is no name.
    pub fn issue(&self, names: &[&str]) -> Issued {
        let now = SystemTime::now();
        self.issue_between(names, now - Duration::from_secs(3600), now + Duration::from_secs(3600))
    }

    /// Issues a certificate that is valid between these times.
    ///
    /// # Panics
    /// If it is no name.
    pub fn issue_between(&self, names: &[&str], begin: SystemTime, end: SystemTime) -> Issued {
        let (uris, names): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(|name| name.contains("://"));
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.subject_alt_names.extend(uris.iter().map(|&uri| SanType::URI(uri.try_into().expect("a URI"))));
        (params.not_before, params.not_after) = (begin.into(), end.into());
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Issued { certificate: certificate.pem(), key: key.serialize_pem(), public_key: key.subject_public_key_info() }
    }
}

impl Issued {
    /// Returns it as what a side shows.
    ///
    /// # Panics
    /// Never, because it is valid.
    pub fn identity(&self) -> Identity {
        Identity::from_pem(&self.certificate, &self.key).expect("it is valid")
    }
}

/// Returns both sides of mutual TLS, with certificates for `localhost` and `client.test`, made
/// once.
pub fn both_sides() -> (TlsConnector, TlsAcceptor) {
    static SIDES: LazyLock<(TlsConnector, TlsAcceptor)> = LazyLock::new(|| {
        let (roots, issue) = (authority().roots(), |name| authority().issue(&[name]).identity());
        let connector = TlsConnector::mutual(roots.clone(), issue("client.test"));
        (connector, TlsAcceptor::mutual(issue("localhost"), roots))
    });
    SIDES.clone()
}

/// Secures two connected ends.
///
/// # Errors
/// If the system has no more threads, or the handshake fails.
///
/// # Panics
/// If the server's side panics.
pub fn shake_hands(near: impl Transport, far: impl Transport) -> io::Result<(Parts, Parts)> {
    let (connector, acceptor) = both_sides();
    let far = thread::Builder::new().spawn(move || acceptor.over(far).into_parts())?;
    let near = connector.over(near, "localhost").into_parts()?;
    Ok((near, far.join().expect("it does not panic")?))
}
