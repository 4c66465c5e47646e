use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, name: &'static str) -> Result<()>;
}

fn main() {}
