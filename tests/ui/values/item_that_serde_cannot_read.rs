use rpc_core::{Result, rpc_service};

pub struct Secret;

#[rpc_service]
pub trait Depot {
    fn secrets(&self) -> Result<impl Iterator<Item = Result<Secret>>>;
}

fn main() {}
