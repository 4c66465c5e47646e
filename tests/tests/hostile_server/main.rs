//! Our client against servers that break the rules, fall silent, never read, or never end.

mod rules;
mod silence;

use std::io::Read;
use std::thread;

use rpc_core::{Client, ClientConfig, Result};
use rpc_tests::{ScriptedPeer, wire};
use serde_json::Value;

/// Makes a call with these limits, which the server answers with these bytes, then with silence.
fn answer_with<T>(config: ClientConfig, server: &[u8], call: impl FnOnce(&Client) -> T) -> T {
    let (mut peer, transport) = ScriptedPeer::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            peer.await_requests(1);
            peer.send(server);
            peer.await_end();
        });
        let client = Client::from_transport_with(transport, config).unwrap();
        call(&client)
    })
}

fn json_call(client: &Client) -> Result<Value> {
    client.call("anything").with(&()).json()
}

fn octets_call(client: &Client) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    client.call("anything").with(&()).octets()?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn ok_header() -> Vec<u8> {
    wire::header(r#"{"DataType":3,"Error":1}"#)
}
