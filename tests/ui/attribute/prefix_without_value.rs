use rpc_core::{Result, rpc_service};

#[rpc_service(prefix)]
pub trait Vault {
    fn list(&self, prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
