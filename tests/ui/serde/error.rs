use rpc_core::rpc_service;

#[derive(Debug)]
pub enum VaultError {
    Full,
}

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64, VaultError>;
}

fn main() {}
