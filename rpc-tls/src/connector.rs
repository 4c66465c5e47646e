//! The client's side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use rpc_core::Transport;
use rpc_core::transport::{ClientSecurity, Parts};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, SupportedProtocolVersion};

use super::identity::Shown;
use super::provider::{ONLY_1_3, provider};
use super::unverified::Unverified;
use super::wording::Side;
use super::{Identity, Roots, handshake};

/// Secures the connections of clients to `tls://` addresses: give it to
/// [`ClientConfig::tls`](rpc_core::ClientConfig::tls). Cloning it is cheap; clones share their
/// identity.
#[derive(Clone)]
pub struct TlsConnector {
    config: Arc<ClientConfig>,
    /// `None` if the config was made elsewhere.
    settings: Option<Settings>,
    name: Option<ServerName<'static>>,
    /// Whether the server's certificate says who it is.
    verifies: bool,
}

/// How a config is made.
#[derive(Clone)]
struct Settings {
    roots: Option<Roots>,
    shown: Option<Arc<Shown>>,
    versions: &'static [&'static SupportedProtocolVersion],
}

impl TlsConnector {
    /// Returns a connector that accepts servers that have a certificate of one of these
    /// authorities for the host in the address. It shows no certificate, and speaks TLS 1.3.
    pub fn new(roots: Roots) -> TlsConnector {
        TlsConnector::made_by(Settings { roots: Some(roots), shown: None, versions: ONLY_1_3 })
    }

    /// Returns a connector that also shows this identity to servers that ask for one.
    pub fn mutual(roots: Roots, identity: Identity) -> TlsConnector {
        let shown = Some(Shown::new(identity));
        TlsConnector::made_by(Settings { roots: Some(roots), shown, versions: ONLY_1_3 })
    }

    /// Returns a connector that **accepts any server**, also one that only pretends to be the right
    /// one and reads or changes all that passes. For tests, with an identity if the server requires
    /// one. The [peer](rpc_core::Peer) has no certificate then.
    pub fn dangerous_without_verification(identity: Option<Identity>) -> TlsConnector {
        let shown = identity.map(Shown::new);
        TlsConnector::made_by(Settings { roots: None, shown, versions: ONLY_1_3 })
    }

    /// Returns a connector by a config of rustls's own, for what this crate has no words for:
    /// revocation lists, keys in hardware, a verifier of your own. The server's certificate counts
    /// as verified if the config accepts it.
    pub fn from_rustls(config: Arc<ClientConfig>) -> TlsConnector {
        TlsConnector { config, settings: None, name: None, verifies: true }
    }

    /// Also accepts servers that speak TLS 1.2 only. Changes nothing of a config of
    /// [rustls's own](TlsConnector::from_rustls).
    #[cfg(feature = "tls12")]
    #[must_use]
    pub fn allow_tls12(self) -> TlsConnector {
        let Some(settings) = self.settings else { return self };
        let settings = Settings { versions: super::provider::FROM_1_2, ..settings };
        TlsConnector { name: self.name, ..TlsConnector::made_by(settings) }
    }

    /// Sets whom the server's certificate has to be for, in place of the host in the address: a DNS
    /// name or an IP address.
    ///
    /// # Errors
    /// If it is neither.
    pub fn server_name(self, name: &str) -> io::Result<TlsConnector> {
        let name = Some(parse(name)?);
        Ok(TlsConnector { name, ..self })
    }

    /// Replaces the identity that it shows; connections that are open keep theirs. Read it again
    /// with [`Identity::from_pem_files`]: if the files do not match, there is nothing to give here,
    /// and the old one stays.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) if it was made without an identity.
    pub fn reload(&self, identity: Identity) -> io::Result<()> {
        let shown = self.settings.as_ref().and_then(|settings| settings.shown.as_ref());
        shown.ok_or(io::ErrorKind::Unsupported)?.replace(identity);
        Ok(())
    }

    /// Returns a transport that is secured by TLS over this one, which is connected to `host`: for
    /// [`Client::with_connector`](rpc_core::Client::with_connector) and
    /// [`Session::from_transport`](rpc_core::Session::from_transport). Its handshake has no time limit.
    pub fn over<T: Transport>(&self, transport: T, host: &str) -> impl Transport + use<T> {
        let (connector, host) = (self.clone(), host.to_owned());
        Secured(move || connector.secure(transport.into_parts()?, &host, None))
    }

    fn made_by(settings: Settings) -> TlsConnector {
        let Settings { roots, shown, versions } = settings.clone();
        let verifies = roots.is_some();
        let builder = ClientConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(versions).expect("ring speaks these versions");
        let builder = match roots {
            Some(roots) => builder.with_root_certificates(roots.0),
            None => builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified)),
        };
        let mut config = match shown {
            Some(shown) => builder.with_client_cert_resolver(shown),
            None => builder.with_no_client_auth(),
        };
        // connections live long, and a session that goes on would not look at certificates again
        config.resumption = Resumption::disabled();
        TlsConnector { config: Arc::new(config), settings: Some(settings), name: None, verifies }
    }
}

impl ClientSecurity for TlsConnector {
    fn secure(&self, below: Parts, host: &str, until: Option<Instant>) -> io::Result<Parts> {
        let name = self.name.clone().map_or_else(|| parse(host), Ok)?;
        let tls = ClientConnection::new(Arc::clone(&self.config), name);
        let tls = tls.map_err(|error| Side::Client.explain(&error))?;
        handshake::secure(tls.into(), below, Side::Client, self.verifies, until)
    }
}

fn parse(host: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        let text = format!("expected a DNS name or an IP address that a certificate can be for, found {host:?}");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

/// A transport that shakes hands when it is taken apart.
pub(crate) struct Secured<F>(pub(crate) F);

impl<F: FnOnce() -> io::Result<Parts> + Send + 'static> Transport for Secured<F> {
    fn into_parts(self) -> io::Result<Parts> {
        self.0()
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.settings.as_ref().is_some_and(|settings| settings.shown.is_some());
        f.debug_struct("TlsConnector")
            .field("verifies", &self.verifies)
            .field("shows_identity", &shown)
            .field("server_name", &self.name)
            .finish_non_exhaustive()
    }
}
