use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn copy(&self, #[rpc(alias = "path")] from: &str, #[rpc(alias = "path")] to: &str) -> Result<()>;
}

fn main() {}
