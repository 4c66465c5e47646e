use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, name: impl Into<String>) -> Result<()>;
}

fn main() {}
