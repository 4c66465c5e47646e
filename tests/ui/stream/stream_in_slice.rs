use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn store(&self, names: &[String], contents: &[impl Read]) -> Result<()>;
}

fn main() {}
