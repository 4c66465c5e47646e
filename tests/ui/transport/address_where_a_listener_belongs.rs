use rpc_core::{Result, Server};

fn main() -> Result<()> {
    Server::new("tcp://127.0.0.1:7411")?;
    Ok(())
}
