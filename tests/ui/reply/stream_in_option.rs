use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn list(&self) -> Result<Option<impl Read>>;
}

fn main() {}
