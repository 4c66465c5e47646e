use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn head<const N: usize>(&self, name: &str) -> Result<[u8; N]>;
}

fn main() {}
