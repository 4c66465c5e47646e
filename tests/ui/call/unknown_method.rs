use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&self, prefix: &str) -> Result<u64>;
    fn digest(&self, content: impl Read) -> Result<u64>;
}

fn call(vault: &VaultClient) -> Result<u64> {
    vault.measure("photos/")
}

fn main() {}
