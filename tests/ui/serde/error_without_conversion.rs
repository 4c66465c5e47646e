use std::fmt;

use rpc_core::rpc_service;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct VaultError;

impl fmt::Display for VaultError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("full")
    }
}

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64, VaultError>;
}

fn main() {}
