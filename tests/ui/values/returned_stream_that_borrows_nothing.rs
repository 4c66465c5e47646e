use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u64>> + 'static>;
}

fn main() {}
