use rpc_core::{Client, Result};

fn connect(port: u16) -> Result<Client> {
    Client::connect(port)
}

fn main() {}
