use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, name: &str, #[rpc(alias = "bytes")] content: impl Read) -> Result<()>;
}

fn main() {}
