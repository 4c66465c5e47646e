use rpc_core::{Result, rpc_service};

#[rpc_service]
/// A service.
#[rpc_service(prefix = "vault.")]
pub trait Vault {
    fn list(&self) -> Result<Vec<String>>;
}

fn main() {}
