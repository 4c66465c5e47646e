use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, pair: (&std::path::Path, &[u8])) -> Result<()>;
}

fn main() {}
