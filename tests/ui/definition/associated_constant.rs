use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    const SHELVES: u32;

    fn list(&self) -> Result<Vec<String>>;
}

fn main() {}
