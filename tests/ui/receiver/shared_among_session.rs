use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn clear(&mut self) -> Result<()>;
    fn list(&self) -> Result<Vec<String>>;
}

fn main() {}
