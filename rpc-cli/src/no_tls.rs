//! A program that was built without TLS has no switches for it.

use rpc_core::{Address, ClientConfig};

use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Tls {}

impl Tls {
    pub(crate) fn config(&self, address: &Address) -> Result<ClientConfig, Failure> {
        match address {
            Address::Tls(_) => Err(Failure::caller(format!("{address}: build `rpc` with --features tls for this"))),
            _ => Ok(ClientConfig::default()),
        }
    }
}
