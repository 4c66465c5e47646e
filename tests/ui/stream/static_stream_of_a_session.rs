use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn fetch(&mut self, name: &str) -> Result<impl Read + 'static>;
}

fn main() {}
