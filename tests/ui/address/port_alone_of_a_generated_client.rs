use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64>;
}

fn connect(port: u16) -> Result<VaultClient> {
    VaultClient::connect(port)
}

fn main() {}
