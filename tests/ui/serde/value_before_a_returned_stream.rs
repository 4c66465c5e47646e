use std::io::Read;

use rpc_core::{Result, rpc_service};

pub struct Secret;

#[rpc_service]
pub trait Vault {
    fn open(&self, name: &str) -> Result<(Secret, impl Read)>;
}

fn main() {}
