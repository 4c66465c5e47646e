use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(&self) -> Result<Vec<String>>;
    fn clear(&mut self) -> Result<()>;
    fn count(&self) -> Result<u64>;
}

fn main() {}
