use rpc_core::{Result, rpc_service};

macro_rules! methods {
    () => {
        fn list(&self) -> Result<Vec<String>>;
    };
}

#[rpc_service]
pub trait Vault {
    methods!();
}

fn main() {}
