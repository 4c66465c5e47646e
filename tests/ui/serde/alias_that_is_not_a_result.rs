use rpc_core::rpc_service;

pub struct QueryResult<T>(pub T);

#[rpc_service]
pub trait Vault {
    fn count(&self) -> QueryResult<u64>;
}

fn main() {}
