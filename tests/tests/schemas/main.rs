//! With the feature `schema`, a description says the shape of each value.

mod any;
mod directions;
mod hostile;
mod shapes;

use rpc_core::{Call, Client, Contract, Contracts, Dispatch, Served, Server, ServerConfig};
use serde_json::Value;

/// A service that is described and never called.
#[derive(Clone)]
struct Offers(&'static Contract);

impl Dispatch for Offers {
    fn contracts(&self) -> Contracts {
        self.0.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        call.unknown_endpoint()
    }
}

/// Returns how a server describes this service.
fn describe<D: Dispatch + Clone + Send + 'static>(service: D) -> Value {
    let config = ServerConfig::default().describe(true);
    let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap().spawn(service).unwrap();
    Client::connect(server.address()).unwrap().describe().unwrap()
}
