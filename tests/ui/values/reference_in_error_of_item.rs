use std::result;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> Result<impl Iterator<Item = result::Result<u64, &str>>>;
}

fn main() {}
