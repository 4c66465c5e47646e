use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, entry: Box<dyn std::fmt::Debug>) -> Result<()>;
}

fn main() {}
