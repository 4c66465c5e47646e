use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, names: &[&str]) -> Result<()>;
}

fn main() {}
