use rpc_core::{Result, rpc_service};

#[rpc_service(alias = "OldVault")]
pub trait Vault {
    fn list(&self) -> Result<()>;
}

fn main() {}
