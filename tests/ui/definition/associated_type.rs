use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    type Entry;

    fn list(&self) -> Result<Vec<String>>;
}

fn main() {}
