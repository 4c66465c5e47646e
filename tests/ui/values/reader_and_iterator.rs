use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn import(&self, content: impl Read + Iterator<Item = Result<u64>>) -> Result<()>;
}

fn main() {}
