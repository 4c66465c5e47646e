use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, mut name: String) -> Result<()>;
}

fn main() {}
