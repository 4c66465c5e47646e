use std::io::Read;

use rpc_core::{Result, rpc_service};

pub struct Secret;

#[rpc_service]
pub trait Vault {
    fn store(&self, name: Secret, content: impl Read) -> Result<()>;
}

fn main() {}
