use std::io::Read;

use rpc_core::{Result, rpc_service};

// The handler and the caller below are valid and must not cause further errors.
#[rpc_service(prefix = vault, retries = 3)]
pub trait Vault {
    type Entry;

    fn list(&mut self, prefix: Option<&str>, _: u32) -> Vec<String>;
    fn count(&self) -> Result<u64>;
    async fn store(&mut self, content: impl Read, name: &mut String) -> Result<impl Read + 'static>;
    #[rpc(name = "list")]
    fn rename<T>(from: T, to: impl Into<String>) -> Result<()> {
        drop((from, to));
        Ok(())
    }
}

struct Shelf;

impl Vault for Shelf {
    type Entry = String;

    fn list(&mut self, prefix: Option<&str>, _: u32) -> Vec<String> {
        prefix.map(String::from).into_iter().collect()
    }

    fn count(&self) -> Result<u64> {
        Ok(1)
    }

    async fn store(&mut self, content: impl Read, _: &mut String) -> Result<impl Read + 'static> {
        drop(content);
        Ok(std::io::empty())
    }
}

fn call() -> Result<u64> {
    let server = VaultServer::new(Shelf);
    drop(server);
    VaultClient::connect("tcp://127.0.0.1:1")?.count()
}

pub fn caller() {
    drop(call());
}

fn main() {}
