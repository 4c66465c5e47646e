use rpc_core::{Result, rpc_service};

#[rpc_service(idempotent)]
pub trait Vault {
    fn list(&self) -> Result<()>;
}

fn main() {}
