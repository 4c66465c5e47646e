use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64>;
    fn clear(&self) -> Result<()>;
}

struct Shelf;

impl Vault for Shelf {
    fn count(&self) -> Result<u64> {
        Ok(0)
    }
}

fn main() {}
