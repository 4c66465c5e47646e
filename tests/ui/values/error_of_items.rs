use std::io;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> Result<impl Iterator<Item = io::Result<u64>>>;
}

fn main() {}
