use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Counter {
    #[rpc(idempotent)]
    fn value(&mut self) -> Result<u64>;
}

fn main() {}
