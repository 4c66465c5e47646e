use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn open(&self, name: &str) -> Result<(u64, String, impl Read)>;
}

fn main() {}
