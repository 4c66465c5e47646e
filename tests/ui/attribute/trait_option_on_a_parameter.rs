use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn fetch(&self, #[rpc(rename_all = "camelCase")] file_name: &str) -> Result<()>;
}

fn main() {}
