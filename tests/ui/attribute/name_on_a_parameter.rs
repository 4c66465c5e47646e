use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(&self, #[rpc(name = "start")] prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
