use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> Result<impl Iterator<Item = Result<impl Read>>>;
}

fn main() {}
