use rpc_core::{Result, rpc_service};

#[rpc_service(rename_all = "lowercase")]
pub trait Vault {
    fn list_all(&self) -> Result<Vec<String>>;
    fn listall(&self) -> Result<Vec<String>>;
}

fn main() {}
