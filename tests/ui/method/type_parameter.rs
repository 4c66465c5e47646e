use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list<T: AsRef<str>>(&self, prefix: T) -> Result<Vec<String>>;
}

fn main() {}
