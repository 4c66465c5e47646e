use rpc_core::{Result, Server, ServerHandle};

fn start(server: Server) -> Result<ServerHandle> {
    server.spawn_with(|_peer| ())
}

fn main() {}
