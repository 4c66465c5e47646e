use rpc_core::{Result, rpc_service};

pub struct Entry {
    pub name: String,
}

#[rpc_service]
pub trait Vault {
    fn store(&self, name: &str) -> Result<Vec<Entry>>;
}

fn main() {}
