use std::borrow::Cow;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Depot {
    fn entries<'a>(&'a self) -> Result<impl Iterator<Item = Result<Cow<'a, str>>>>;
}

fn main() {}
