//! What was renamed keeps its old names for old callers; trait and handlers have the new ones.

use std::io::Read;

use rpc_core::{Dispatch, Result, rpc_service};

#[rpc_service(prefix = "vault.", rename_all = "PascalCase")]
trait Vault {
    #[rpc(alias = "vault.Put", alias = "put")]
    fn store(&self, #[rpc(alias = "path")] name: &str, content: impl Read) -> Result<()>;
    #[rpc(name = "Erase")]
    #[rpc(alias = "vault.Remove")]
    fn remove(&self, #[rpc(alias = "file")] #[rpc(alias = "key")] name: &str) -> Result<()>;
    // a stream has no name on the wire, so a value may have had the same
    fn append(&self, #[rpc(alias = "content")] note: String, content: impl Read) -> Result<()>;
    #[cfg(unix)]
    #[rpc(alias = "old")]
    fn either(&self) -> Result<()>;
    #[cfg(not(unix))]
    #[rpc(alias = "old")]
    fn other(&self) -> Result<()>;
}

struct Shelf;

impl Vault for Shelf {
    fn store(&self, _: &str, _: impl Read) -> Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn append(&self, _: String, _: impl Read) -> Result<()> {
        Ok(())
    }

    #[cfg(unix)]
    fn either(&self) -> Result<()> {
        Ok(())
    }

    #[cfg(not(unix))]
    fn other(&self) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let server = VaultServer::new(Shelf);
    let contract = server.contracts().iter().next().unwrap();
    let names: Vec<_> = contract.endpoints().iter().map(|method| (method.name(), method.alias_names())).collect();
    assert_eq!(names[..2], [("vault.Store", &["vault.Put", "put"][..]), ("Erase", &["vault.Remove"])]);
    assert_eq!(contract.find("put").map(|method| method.name()), Some("vault.Store"));
}
