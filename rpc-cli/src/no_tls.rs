//! A program that was built without TLS has no switches for it.

use rpc_core::{Address, ClientConfig};

use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Tls {}

impl Tls {
    pub(crate) fn config(&self, address: &Address) -> Result<ClientConfig, Failure> {
        match address {
            Address::Tls(_) => Err(Failure::caller(format!(
                "{address}: this `rpc` has no TLS: install it by `cargo install --locked --path rpc-cli --features tls`"
            ))),
            _ => Ok(ClientConfig::default()),
        }
    }
}
