use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc(alias = put)]
    fn store(&self) -> Result<()>;
}

fn main() {}
