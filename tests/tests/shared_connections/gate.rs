//! A service whose calls wait until the test opens a gate, and callers on threads.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{Scope, ScopedJoinHandle};

use rpc_core::{Client, ClientConfig, Error, Result, rpc_service};

#[rpc_service]
pub(crate) trait Gate {
    fn echo(&self, text: &str) -> Result<String>;
    /// Returns after the gate opens.
    fn wait(&self, number: u32) -> Result<u32>;
    fn fail(&self, text: &str) -> Result<u32>;
    fn panic(&self, number: u32) -> Result<u32>;
    fn bytes(&self, count: u64) -> Result<impl std::io::Read>;
    fn count(&self, content: impl std::io::Read) -> Result<u64>;
    fn large(&self, count: usize) -> Result<String>;
}

/// The handler, which reports each call that waits.
#[derive(Clone)]
pub(crate) struct Keeper {
    open: Arc<(Mutex<bool>, Condvar)>,
    arrivals: Sender<u32>,
}

impl Keeper {
    /// Returns a closed gate, and the receiver of reports about the calls that reach it.
    pub(crate) fn new() -> (Keeper, Receiver<u32>) {
        let (arrivals, arrived) = mpsc::channel();
        (Keeper { open: Arc::default(), arrivals }, arrived)
    }

    /// Opens the gate for all calls, later ones too.
    pub(crate) fn open(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }
}

impl Gate for Keeper {
    fn echo(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    fn wait(&self, number: u32) -> Result<u32> {
        // the test may have ended
        _ = self.arrivals.send(number);
        let open = self.open.1.wait_while(self.open.0.lock().unwrap(), |open| !*open).unwrap();
        drop(open);
        Ok(number)
    }

    fn fail(&self, text: &str) -> Result<u32> {
        Err(Error::new(text))
    }

    fn panic(&self, number: u32) -> Result<u32> {
        panic!("as requested, {number}");
    }

    fn bytes(&self, count: u64) -> Result<impl std::io::Read> {
        Ok(std::io::Read::take(std::io::repeat(7), count))
    }

    fn count(&self, mut content: impl std::io::Read) -> Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut std::io::sink())?)
    }

    fn large(&self, count: usize) -> Result<String> {
        Ok("x".repeat(count))
    }
}

/// Returns a configuration with this many shared connections.
pub(crate) fn sharing(count: usize) -> ClientConfig {
    ClientConfig::default().shared_connections(count)
}

/// Makes a call on a separate thread.
pub(crate) fn call<'s, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    client: &Client,
    call: impl FnOnce(&GateClient) -> T + Send + 's,
) -> ScopedJoinHandle<'s, T> {
    let gate = GateClient::new(client.clone());
    scope.spawn(move || call(&gate))
}
