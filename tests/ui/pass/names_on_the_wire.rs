//! Options change only a method's name on the wire.

use rpc_core::{Dispatch, Result, rpc_service};

#[rpc_service(prefix = "vault.", rename_all = "camelCase")]
trait Vault {
    fn list_entries(&self) -> Result<()>;
    #[rpc(name = "Erase")]
    fn remove_entry(&self, entry_name: &str) -> Result<()>;
    fn r#move(&self, r#type: &str, to: &str) -> Result<()>;
}

struct Shelf;

impl Vault for Shelf {
    fn list_entries(&self) -> Result<()> {
        Ok(())
    }

    fn remove_entry(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn r#move(&self, _: &str, _: &str) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let server = VaultServer::new(Shelf);
    let contract = server.contracts().iter().next().unwrap();
    let methods: Vec<_> = contract.endpoints().iter().map(|method| (method.name(), method.parameter_names())).collect();
    assert_eq!(contract.name(), "Vault");
    assert!(!contract.is_session());
    assert_eq!(methods, [("vault.listEntries", &[][..]), ("Erase", &["entry_name"]), ("vault.move", &["type", "to"])]);
}
