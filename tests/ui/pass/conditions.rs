//! A method that is configured out is gone from every generated piece, and two forms of one method may take turns.

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
    let names: Vec<_> = server.contract().endpoints().iter().map(|method| method.name()).collect();
    assert_eq!(names, ["list", "mode", "always"]);
}
