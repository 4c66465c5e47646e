use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc(name = "")]
    fn list(&self) -> Result<Vec<String>>;
}

fn main() {}
