use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc(idempotent = true)]
    fn list(&self) -> Result<()>;
}

fn main() {}
