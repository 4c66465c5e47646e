use rpc_core::{Result, rpc_service};

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Entry<'a> {
    pub name: &'a str,
}

#[rpc_service]
pub trait Vault {
    fn store(&self, entry: Entry<'_>) -> Result<()>;
}

fn main() {}
