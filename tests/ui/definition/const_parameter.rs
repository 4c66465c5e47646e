use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault<const N: usize> {
    fn list(&self) -> Result<[u8; N]>;
}

fn main() {}
