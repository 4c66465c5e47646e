use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn compress<'a>(&self, plain: impl Read + 'a) -> Result<impl Read>;
}

fn main() {}
