use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries(&self) -> Result<impl Iterator<Item = Result<&'static str>>>;
}

fn main() {}
