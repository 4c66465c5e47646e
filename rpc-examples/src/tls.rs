//! The switches for TLS.

use std::error::Error;
use std::path::PathBuf;

use rpc_core::{Address, ClientConfig, ServerConfig};
use rpc_tls::{Identity, Roots, TlsAcceptor, TlsConnector};

/// Switches of a server.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerTls {
    /// The server's certificate, in PEM, for tls:// addresses.
    #[arg(long, requires = "key", value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The private key of the certificate.
    #[arg(long, requires = "cert", value_name = "FILE")]
    key: Option<PathBuf>,
    /// Serve only clients with a certificate of one of these authorities.
    #[arg(long, requires = "cert", value_name = "FILE")]
    client_ca: Option<PathBuf>,
}

/// Switches of a client.
#[derive(Debug, clap::Args)]
pub(crate) struct ClientTls {
    /// The authorities to trust, in PEM, for tls:// addresses.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The client's certificate, in PEM, for servers that require one.
    #[arg(long, requires_all = ["key", "ca"], value_name = "FILE")]
    cert: Option<PathBuf>,
    /// The private key of the certificate.
    #[arg(long, requires = "cert", value_name = "FILE")]
    key: Option<PathBuf>,
}

impl ServerTls {
    pub(crate) fn config(&self) -> Result<ServerConfig, Box<dyn Error>> {
        let config = ServerConfig::default();
        let (Some(cert), Some(key)) = (&self.cert, &self.key) else { return Ok(config) };
        let identity = Identity::from_pem_files(cert, key)?;
        Ok(config.tls(match &self.client_ca {
            Some(roots) => TlsAcceptor::mutual(identity, Roots::from_pem_file(roots)?),
            None => TlsAcceptor::new(identity),
        }))
    }
}

impl ClientTls {
    /// Returns the config of a client of this address.
    pub(crate) fn config(&self, address: &Address) -> Result<ClientConfig, Box<dyn Error>> {
        let config = ClientConfig::default();
        let Some(roots) = &self.ca else { return Ok(config) };
        if !is_tls(address) {
            return Err(format!("{address}: expected a tls:// address, because --ca was given").into());
        }
        let roots = Roots::from_pem_file(roots)?;
        Ok(config.tls(match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => TlsConnector::mutual(roots, Identity::from_pem_files(cert, key)?),
            _ => TlsConnector::new(roots),
        }))
    }
}

/// Certificates that are not asked for protect nothing.
fn is_tls(address: &Address) -> bool {
    match address {
        Address::Tls(_) => true,
        Address::AnyOf(places) => places.iter().all(is_tls),
        _ => false,
    }
}
