//! A program that was built without TLS has no switches for it.

use std::error::Error;

use rpc_core::{Address, ClientConfig, ServerConfig};

#[derive(Debug, clap::Args)]
pub(crate) struct ServerTls {}

#[derive(Debug, clap::Args)]
pub(crate) struct ClientTls {}

impl ServerTls {
    pub(crate) fn config(&self) -> Result<ServerConfig, Box<dyn Error>> {
        Ok(ServerConfig::default())
    }
}

impl ClientTls {
    pub(crate) fn config(&self, _address: &Address) -> Result<ClientConfig, Box<dyn Error>> {
        Ok(ClientConfig::default())
    }
}
