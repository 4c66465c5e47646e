use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(&self, #[rpc(idempotent)] prefix: &str) -> Result<()>;
}

fn main() {}
