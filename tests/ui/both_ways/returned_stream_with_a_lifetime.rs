use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn compress<'a>(&'a self, plain: impl Read) -> Result<impl Read + 'a>;
}

fn main() {}
