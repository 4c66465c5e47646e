//! The options of a client and its calls, set by functions with which no method can clash.

use std::time::Duration;

use rpc_core::{CallOptions, ClientConfig, Error, Result, Server, rpc_service};

#[rpc_service]
pub trait Vault {
    fn count(&self) -> Result<u64>;
    fn with_options(&self, options: u64) -> Result<u64>;
}

#[rpc_service]
pub trait Cursor {
    fn step(&mut self) -> Result<u64>;
}

#[derive(Clone)]
struct Handler(u64);

impl Vault for Handler {
    fn count(&self) -> Result<u64> {
        Ok(self.0)
    }

    fn with_options(&self, options: u64) -> Result<u64> {
        Ok(self.0 + options)
    }
}

impl Cursor for Handler {
    fn step(&mut self) -> Result<u64> {
        self.0 += 1;
        Ok(self.0)
    }
}

/// A time limit that no call can meet.
fn no_time() -> CallOptions {
    CallOptions::default().timeout(Some(Duration::ZERO))
}

fn shared() {
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(VaultServer::new(Handler(3))).unwrap();
    let config = ClientConfig::default().max_idle_connections(1);
    let vault = VaultClient::connect_with(server.address(), config).unwrap();
    let hurried = VaultClient::with_options(&vault, no_time());
    assert!(matches!(hurried.count(), Err(Error::Deadline { .. })));
    assert_eq!(vault.with_options(4).unwrap(), 7);
    let patient = VaultClient::with_options(&hurried, CallOptions::default().timeout(None));
    assert_eq!(patient.count().unwrap(), 3);
}

fn session() {
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(CursorServer::new(Handler(0))).unwrap();
    let mut cursor = CursorClient::connect_with(server.address(), ClientConfig::default()).unwrap();
    CursorClient::set_options(&mut cursor, CallOptions::default().metadata("user", "ann"));
    assert_eq!(cursor.step().unwrap(), 1);
    CursorClient::set_options(&mut cursor, no_time());
    assert!(matches!(cursor.step(), Err(Error::Deadline { .. })));
    CursorClient::close(cursor).ok();
}

fn main() {
    shared();
    session();
}
