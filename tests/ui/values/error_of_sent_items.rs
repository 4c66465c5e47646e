use std::result;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn import(&self, entries: impl Iterator<Item = result::Result<u64, std::io::Error>>) -> Result<()>;
}

fn main() {}
