use rpc_core::{Result, rpc_service};

#[rpc_service]
#[rpc_service]
pub trait Vault {
    fn list(&self) -> Result<Vec<String>>;
}

struct Shelf;

impl Vault for Shelf {
    fn list(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

fn main() {
    drop(VaultServer::new(Shelf));
}
