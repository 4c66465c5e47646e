//! The service that these tests call.

use std::sync::mpsc;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub(crate) trait Work {
    fn echo(&self, number: u64) -> Result<u64>;
    /// Returns when the test allows it.
    fn wait(&self) -> Result<u64>;
}

/// Reports how to end each call of `wait` that has begun.
#[derive(Clone)]
pub(crate) struct Handler(mpsc::Sender<mpsc::Sender<()>>);

impl Handler {
    pub(crate) fn new() -> (Handler, mpsc::Receiver<mpsc::Sender<()>>) {
        let (began, waiting) = mpsc::channel();
        (Handler(began), waiting)
    }
}

impl Work for Handler {
    fn echo(&self, number: u64) -> Result<u64> {
        Ok(number)
    }

    fn wait(&self) -> Result<u64> {
        let (end, ended) = mpsc::channel();
        self.0.send(end).unwrap();
        // the end of the test ends it, too
        _ = ended.recv();
        Ok(0)
    }
}

/// A service for tests in which nothing waits.
pub(crate) fn service() -> WorkServer<Handler> {
    WorkServer::new(Handler::new().0)
}
