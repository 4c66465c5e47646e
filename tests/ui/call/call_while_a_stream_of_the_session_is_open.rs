use std::io::Read;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Cursor {
    fn seek(&mut self, position: u64) -> Result<()>;
    fn rest(&mut self) -> Result<impl Read>;
}

fn call(cursor: &mut CursorClient) -> Result<()> {
    let mut rest = cursor.rest()?;
    cursor.seek(0)?;
    rest.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn main() {}
