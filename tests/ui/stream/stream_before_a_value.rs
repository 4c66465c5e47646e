use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, content: impl Read, name: &str) -> Result<()>;
}

fn main() {}
