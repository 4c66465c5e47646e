use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc(name = "Entries")]
    fn list(&self) -> Result<Vec<String>>;
    #[rpc(name = "Entries")]
    fn entries(&self) -> Result<Vec<String>>;
}

fn main() {}
