use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Cursor {
    fn seek(&mut self, position: u64) -> Result<()>;
}

fn twice(cursor: &CursorClient) -> CursorClient {
    CursorClient::clone(cursor)
}

fn main() {}
