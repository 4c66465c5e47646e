use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc(idempotent, name = "List", idempotent)]
    fn list(&self) -> Result<()>;
}

fn main() {}
