use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn pack(&self, rows: impl Iterator<Item = Result<u64>>) -> Result<impl Read + Send>;
}

fn main() {}
