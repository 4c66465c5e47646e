use std::io::{self, Read};

use rpc_core::rpc_service;

#[rpc_service]
pub trait Vault {
    fn fetch(&self, name: &str) -> Result<impl Read, io::Error>;
}

fn main() {}
