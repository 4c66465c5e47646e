use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn compress<'a>(&mut self, plain: impl Read + 'a) -> Result<(u64, impl Read + 'a)>;
}

fn main() {}
