use rpc_core::Result;

#[rpc_core::rpc_service(prefix = "vault.")]
#[rpc_core::rpc_service]
pub trait Vault {
    fn list(&self) -> Result<Vec<String>>;
}

fn main() {}
