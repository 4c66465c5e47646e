use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault {
    fn fetch(&self, name: &str) -> Result<impl Read>;
}

fn first(vault: &impl Vault) -> Result<impl Read> {
    let name = String::from("photos/1.raw");
    vault.fetch(&name)
}

fn main() {}
