use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault<'a> {
    fn list(&self, prefix: &'a str) -> Result<Vec<String>>;
}

fn main() {}
