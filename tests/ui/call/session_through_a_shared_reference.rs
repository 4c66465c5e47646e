use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Cursor {
    fn seek(&mut self, position: u64) -> Result<()>;
}

fn call(cursor: &CursorClient) -> Result<()> {
    cursor.seek(0)
}

fn main() {}
