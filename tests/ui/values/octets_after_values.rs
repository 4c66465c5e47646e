use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn import(&self, entries: impl Iterator<Item = Result<u64>>, content: impl Read) -> Result<()>;
}

fn main() {}
