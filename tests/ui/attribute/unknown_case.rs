use rpc_core::{Result, rpc_service};

#[rpc_service(rename_all = "Pascal")]
pub trait Vault {
    fn list(&self, prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
