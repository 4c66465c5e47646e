use rpc_core::{Result, Server};

fn main() -> Result<()> {
    Server::bind(("localhost", "7411"))?;
    Ok(())
}
