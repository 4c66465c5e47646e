use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, (name, size): (String, u64)) -> Result<()>;
}

fn main() {}
