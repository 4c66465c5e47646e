use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(&self) -> Result<Vec<String>>;
    #[rpc(name = "list")]
    fn entries(&self) -> Result<Vec<String>>;
}

fn main() {}
