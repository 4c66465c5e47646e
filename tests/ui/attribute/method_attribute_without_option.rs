use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc]
    fn list(&self, prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
