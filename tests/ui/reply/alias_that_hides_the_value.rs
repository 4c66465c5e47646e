use rpc_core::rpc_service;

type ListResult = rpc_core::Result<Vec<String>>;

#[rpc_service]
pub trait Vault {
    fn list(&self) -> ListResult;
}

fn main() {}
