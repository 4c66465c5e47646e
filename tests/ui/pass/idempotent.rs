//! Methods that may run twice: the contract says so.

use std::io::{Empty, Read, empty};

use rpc_core::{Contract, Error, Result, Service, rpc_service};

#[rpc_service]
pub trait Vault {
    #[rpc(idempotent)]
    fn list(&self) -> Result<Vec<String>>;
    #[rpc(name = "store", idempotent)]
    fn put(&self, name: &str, content: impl Read) -> Result<()>;
    #[rpc(idempotent, alias = "get")]
    fn fetch(&self, name: &str) -> Result<impl Read>;
    fn append(&self, name: &str) -> Result<()>;
}

struct Shelf;

impl Vault for Shelf {
    fn list(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn put(&self, _name: &str, _content: impl Read) -> Result<()> {
        Ok(())
    }

    fn fetch(&self, _name: &str) -> Result<Empty> {
        Ok(empty())
    }

    fn append(&self, _name: &str) -> Result<()> {
        Err(Error::new("no"))
    }
}

fn main() {
    let contract: &Contract = VaultServer::<Shelf>::CONTRACT.expect("it is generated");
    let found: Vec<_> = contract.endpoints().iter().map(|method| (method.name(), method.is_idempotent())).collect();
    assert_eq!(found, [("list", true), ("store", true), ("fetch", true), ("append", false)]);
}
