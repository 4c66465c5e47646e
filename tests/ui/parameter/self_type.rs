use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, other: Self) -> Result<()>;
}

fn main() {}
