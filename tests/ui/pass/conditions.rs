//! A method removed by a `cfg` is absent from all generated code, and a method may have two forms
//! under opposite conditions.

use rpc_core::{Dispatch, Result, rpc_service};

#[rpc_service]
trait Vault {
    fn list(&self) -> Result<()>;
    #[cfg(any())]
    fn never(&self, missing: MissingType) -> MissingResult<()>;
    #[cfg_attr(all(), cfg(any()), doc = "Not here.")]
    fn neither(&self, missing: MissingType) -> MissingResult<()>;
    #[cfg(all())]
    fn mode(&self) -> Result<u32>;
    #[cfg(not(all()))]
    fn mode(&self) -> Result<u64>;
    #[cfg_attr(all(), doc = "Here.", allow(unused))]
    fn always(&self) -> Result<()>;
}

struct Shelf;

impl Vault for Shelf {
    fn list(&self) -> Result<()> {
        Ok(())
    }

    fn mode(&self) -> Result<u32> {
        Ok(0o644)
    }

    fn always(&self) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let server = VaultServer::new(Shelf);
    let names: Vec<_> = server.contracts().iter().flat_map(|contract| contract.endpoints()).map(|method| method.name()).collect();
    assert_eq!(names, ["list", "mode", "always"]);
}
