use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn compress(&self, plain: impl Read) -> Result<impl Read + Send>;
}

fn main() {}
