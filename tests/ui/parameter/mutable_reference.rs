use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, names: &mut Vec<String>) -> Result<()>;
}

fn main() {}
