//! A service whose calls wait, and a far end that only reads or does nothing.

use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;

use rpc_core::{CallContext, CallOptions, CancelToken, Client, Error, Result, rpc_service};

#[rpc_service]
pub(crate) trait Desk {
    fn echo(&self, text: &str) -> Result<String>;
    /// Reports that it runs, and returns when the caller is gone.
    fn wait(&self) -> Result<()>;
    /// Waits in the same way, or fails.
    fn wait_or_fail(&self, fails: bool) -> Result<()>;
    /// Bytes without end.
    fn flow(&self) -> Result<impl Read>;
    /// Yields 10 bytes, reports that it waits, and yields the rest when the door opens.
    fn trickle(&self) -> Result<impl Read>;
    fn count(&self, content: impl Read) -> Result<u64>;
    /// Each byte, as it comes.
    fn back(&self, content: impl Read) -> Result<impl Read>;
    /// As `trickle`, and reads the content only when the door opens.
    fn hold(&self, content: impl Read) -> Result<impl Read>;
}

#[derive(Clone)]
pub(crate) struct Clerk {
    reports: mpsc::Sender<&'static str>,
    door: Arc<(Mutex<bool>, Condvar)>,
}

impl Clerk {
    /// Returns a handler and the receiver of its reports.
    pub(crate) fn new() -> (Clerk, mpsc::Receiver<&'static str>) {
        let (reports, received) = mpsc::channel();
        (Clerk { reports, door: Arc::default() }, received)
    }

    fn report(&self, what: &'static str) {
        // the test may have ended
        _ = self.reports.send(what);
    }

    pub(crate) fn open_door(&self) {
        *self.door.0.lock().unwrap() = true;
        self.door.1.notify_all();
    }
}

impl Desk for Clerk {
    fn echo(&self, text: &str) -> Result<String> {
        self.report("echoed");
        Ok(text.to_owned())
    }

    fn wait(&self) -> Result<()> {
        self.report("waits");
        let context = CallContext::current().expect("it is called by a server");
        while !context.caller_is_gone() {
            thread::yield_now();
        }
        self.report("alone");
        Ok(())
    }

    fn wait_or_fail(&self, fails: bool) -> Result<()> {
        if fails { Err(Error::new("as requested")) } else { self.wait() }
    }

    fn flow(&self) -> Result<impl Read> {
        Ok(io::repeat(7))
    }

    fn trickle(&self) -> Result<impl Read> {
        Ok(Door { clerk: self, left: 10 }.chain(&b"the rest"[..]))
    }

    fn count(&self, mut content: impl Read) -> Result<u64> {
        self.report("counts");
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }

    fn back(&self, content: impl Read) -> Result<impl Read> {
        Ok(content)
    }

    fn hold(&self, content: impl Read) -> Result<impl Read> {
        Ok(Door { clerk: self, left: 10 }.chain(content))
    }
}

/// Ends when the door opens.
struct Door<'c> {
    clerk: &'c Clerk,
    left: usize,
}

impl Read for Door<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = buf.len().min(self.left);
        self.left -= count;
        if count == 0 {
            self.clerk.report("at the door");
            let door = &self.clerk.door;
            drop(door.1.wait_while(door.0.lock().unwrap(), |open| !*open).unwrap());
        }
        buf[..count].fill(1);
        Ok(count)
    }
}

/// Returns a client whose calls the token cancels.
pub(crate) fn with_token(client: &Client) -> (DeskClient, CancelToken) {
    let token = CancelToken::new();
    (DeskClient::new(client.with_options(CallOptions::default().cancel(&token))), token)
}

/// Checks that a call was cancelled, and returns whether it certainly never ran and whether its
/// connection goes on.
pub(crate) fn cancelled(error: &Error) -> (bool, bool) {
    assert!(error.is_cancelled() && !error.is_timeout(), "{error:?}");
    (error.never_ran(), error.connection_usable())
}

/// The call after a cancelled one.
pub(crate) fn next(client: &Client) {
    assert_eq!(DeskClient::new(client.clone()).echo("next").unwrap(), "next");
}
