use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc(name = "Store", alias = "Store")]
    fn store(&self) -> Result<()>;
}

fn main() {}
