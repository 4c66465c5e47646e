use std::fs::File;

use rpc_core::{Client, Result};

fn client(file: File) -> Result<Client> {
    Client::from_transport(file)
}

fn main() {}
