use rpc_core::{Ended, Result, rpc_service, serve_connection};

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64>;
}

struct Shelf;

impl Vault for Shelf {
    fn count(&self) -> Result<u64> {
        Ok(1)
    }
}

fn serve() -> Result<Ended> {
    serve_connection((std::io::stdin(), std::io::stdout()), Shelf)
}

fn main() {}
