use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, _: String) -> Result<()>;
}

fn main() {}
