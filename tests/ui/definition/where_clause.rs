use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault
where
    Self: Send,
 {
    fn list(&self, prefix: &str) -> Result<Vec<String>>;
}

fn main() {}
