use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault<T> {
    fn list(&self) -> Result<Vec<T>>;
}

fn main() {}
