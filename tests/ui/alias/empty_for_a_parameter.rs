use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn fetch(&self, #[rpc(alias = "")] name: &str) -> Result<()>;
}

fn main() {}
