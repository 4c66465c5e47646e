use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn copy(&self, from: &str, #[rpc(alias = "to")] to: &str) -> Result<()>;
}

fn main() {}
