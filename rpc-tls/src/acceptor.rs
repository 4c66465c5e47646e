//! The server's side.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use rpc_core::Transport;
use rpc_core::transport::{Parts, ServerSecurity};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::connector::Secured;
use super::identity::Shown;
use super::provider::{ONLY_1_3, provider};
use super::wording::Side;
use super::{Identity, Roots, handshake};

/// Secures the connections of a server: give it to
/// [`ServerConfig::tls`](rpc_core::ServerConfig::tls). Cloning it is cheap; clones share their
/// identity, so keep one to [replace](TlsAcceptor::reload) that.
#[derive(Clone)]
pub struct TlsAcceptor {
    config: Arc<ServerConfig>,
    /// `None` if the config was made elsewhere.
    settings: Option<Settings>,
}

/// How a config is made.
#[derive(Clone)]
struct Settings {
    shown: Arc<Shown>,
    client_roots: Option<Roots>,
    versions: &'static [&'static SupportedProtocolVersion],
}

impl TlsAcceptor {
    /// Returns an acceptor that shows this identity, and does not ask clients who they are. It
    /// speaks TLS 1.3.
    pub fn new(identity: Identity) -> TlsAcceptor {
        let shown = Shown::new(identity);
        TlsAcceptor::made_by(Settings { shown, client_roots: None, versions: ONLY_1_3 })
    }

    /// Returns an acceptor that also requires a certificate of one of these authorities from each
    /// client (mutual TLS), and refuses all others.
    /// [`Peer::certificate`](rpc_core::Peer::certificate) says whose it is.
    pub fn mutual(identity: Identity, client_roots: Roots) -> TlsAcceptor {
        let (shown, client_roots) = (Shown::new(identity), Some(client_roots));
        TlsAcceptor::made_by(Settings { shown, client_roots, versions: ONLY_1_3 })
    }

    /// Returns an acceptor by a config of rustls's own, for what this crate has no words for:
    /// revocation lists, keys in hardware, a certificate for each name, a verifier of your own. A
    /// client's certificate counts as verified if the config accepts it.
    pub fn from_rustls(config: Arc<ServerConfig>) -> TlsAcceptor {
        TlsAcceptor { config, settings: None }
    }

    /// Also accepts clients that speak TLS 1.2 only. Changes nothing of a config of
    /// [rustls's own](TlsAcceptor::from_rustls).
    #[cfg(feature = "tls12")]
    #[must_use]
    pub fn allow_tls12(self) -> TlsAcceptor {
        let Some(settings) = self.settings else { return self };
        TlsAcceptor::made_by(Settings { versions: super::provider::FROM_1_2, ..settings })
    }

    /// Replaces the identity that it shows, while its server runs; connections that are open keep
    /// theirs. Read it again with [`Identity::from_pem_files`]: if the files do not match, as while
    /// they are being replaced, there is nothing to give here, and the old one stays.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) if it was made by a config of
    /// [rustls's own](TlsAcceptor::from_rustls).
    pub fn reload(&self, identity: Identity) -> io::Result<()> {
        let settings = self.settings.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        settings.shown.replace(identity);
        Ok(())
    }

    /// Returns a transport that is secured by TLS over this one: for
    /// [`serve_connection`](rpc_core::serve_connection). Its handshake has no time limit.
    pub fn over<T: Transport>(&self, transport: T) -> impl Transport + use<T> {
        let acceptor = self.clone();
        Secured(move || acceptor.secure(transport.into_parts()?, None))
    }

    fn made_by(settings: Settings) -> TlsAcceptor {
        let Settings { shown, client_roots, versions } = settings.clone();
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_protocol_versions(versions).expect("ring speaks these versions");
        let builder = match client_roots {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.0, provider());
                builder.with_client_cert_verifier(verifier.build().expect("there is a root, and no revocation list"))
            }
        };
        let mut config = builder.with_cert_resolver(shown);
        // connections live long, and a session that goes on would not look at certificates again
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        TlsAcceptor { config: Arc::new(config), settings: Some(settings) }
    }
}

impl ServerSecurity for TlsAcceptor {
    fn secure(&self, below: Parts, until: Option<Instant>) -> io::Result<Parts> {
        let tls = ServerConnection::new(Arc::clone(&self.config));
        let tls = tls.map_err(|error| Side::Server.explain(&error))?;
        handshake::secure(tls.into(), below, Side::Server, true, until)
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mutual = self.settings.as_ref().map(|settings| settings.client_roots.is_some());
        f.debug_struct("TlsAcceptor").field("mutual", &mutual).finish_non_exhaustive()
    }
}
