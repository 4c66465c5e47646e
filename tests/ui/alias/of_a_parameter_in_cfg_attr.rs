use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn fetch(&self, #[cfg_attr(unix, rpc(alias = "path"))] name: &str) -> Result<()>;
}

fn main() {}
