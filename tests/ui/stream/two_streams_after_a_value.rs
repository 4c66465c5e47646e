use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, name: &str, content: impl Read, index: impl Read) -> Result<()>;
}

fn main() {}
