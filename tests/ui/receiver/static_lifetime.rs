use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(&'static self, prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
