use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn rename(&self, name: &str, name: &str) -> Result<()>;
}

fn main() {}
