use rpc_core::{Result, Server};

fn main() -> Result<()> {
    Server::bind(7411)?;
    Ok(())
}
