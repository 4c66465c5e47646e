use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(&self) -> Result<impl Into<String>>;
}

fn main() {}
