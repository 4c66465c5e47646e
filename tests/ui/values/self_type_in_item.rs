use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot: Sized {
    fn entries(&self) -> Result<impl Iterator<Item = Result<Self>>>;
}

fn main() {}
