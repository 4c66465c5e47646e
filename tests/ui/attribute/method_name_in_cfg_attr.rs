use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[cfg_attr(unix, rpc(name = "List"))]
    fn list(&self, prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
