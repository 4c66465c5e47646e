//! The switches for TLS.

use std::io;
use std::path::PathBuf;

use rpc_core::{Address, ClientConfig};
use rpc_tls::{Identity, Roots, TlsConnector};

use crate::failure::Failure;

/// Switches of a client.
#[derive(Debug, clap::Args)]
pub(crate) struct Tls {
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

impl Tls {
    /// Returns the config of a client of this address.
    pub(crate) fn config(&self, address: &Address) -> Result<ClientConfig, Failure> {
        let config = ClientConfig::default();
        let Some(roots) = &self.ca else {
            return match is_tls(address) {
                true => Err(Failure::caller(format!(
                    "{address}: give --ca FILE, the authority of the server's certificate"
                ))),
                false => Ok(config),
            };
        };
        if !is_tls(address) {
            return Err(Failure::caller(format!("{address}: expected a tls:// address, because --ca was given")));
        }
        let roots = Roots::from_pem_file(roots).map_err(|error| wrong_file("--ca", &error))?;
        Ok(config.tls(match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let identity = Identity::from_pem_files(cert, key);
                TlsConnector::mutual(roots, identity.map_err(|error| wrong_file("--cert and --key", &error))?)
            }
            _ => TlsConnector::new(roots),
        }))
    }
}

fn wrong_file(switch: &str, error: &io::Error) -> Failure {
    Failure::here(format!("{switch}: {error}"))
}

/// Certificates that are not asked for protect nothing.
fn is_tls(address: &Address) -> bool {
    match address {
        Address::Tls(_) => true,
        Address::AnyOf(places) => places.iter().all(is_tls),
        _ => false,
    }
}
