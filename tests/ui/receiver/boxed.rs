use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(self: Box<Self>, prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
