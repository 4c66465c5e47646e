//! A scripted far end of a connection of any kind.

use std::io::IoSlice;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::transport::{ReadHalf, WriteHalf};
use rpc_core::{CallOptions, Client, ClientConfig, Error, Operation, Transport};
use rpc_tests::TransportKind;

/// The limit that the test expects to pass.
pub(crate) const SOON: Duration = Duration::from_millis(200);

/// Limits that must not pass.
pub(crate) fn patient() -> ClientConfig {
    let long = Some(Duration::from_secs(50));
    ClientConfig::default().reply_timeout(long).stall_timeout(long).max_json_len(usize::MAX)
}

/// A limit for a single call.
pub(crate) fn soon() -> CallOptions {
    CallOptions::default().timeout(Some(SOON))
}

/// The far end.
pub(crate) struct Far {
    reader: Box<dyn ReadHalf>,
    writer: Box<dyn WriteHalf>,
    /// Ends when the client is done.
    done: mpsc::Receiver<()>,
}

impl Far {
    /// Sends bytes, ignoring a client that is gone.
    pub(crate) fn send(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.writer.write(&[IoSlice::new(bytes)], None) {
                Ok(written) => bytes = &bytes[written..],
                Err(_gone) => return false,
            }
        }
        true
    }

    /// Reads at most `count` bytes; returns 0 if the client is gone.
    pub(crate) fn read(&mut self, count: usize) -> usize {
        self.reader.read(&mut vec![0; count], None).unwrap_or(0)
    }

    /// Reads until the client is gone.
    pub(crate) fn read_all(&mut self) {
        while self.read(64 * 1024) > 0 {}
    }

    /// Waits for a time, or until the client is done; returns whether it is.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        self.done.recv_timeout(time) != Err(mpsc::RecvTimeoutError::Timeout)
    }

    /// Waits until the client is done.
    pub(crate) fn sleep(&self) {
        // nothing is ever sent here: it ends with the other end of the channel
        _ = self.done.recv();
    }
}

/// Runs a client against a far end.
pub(crate) fn against<T>(
    transport: TransportKind,
    config: ClientConfig,
    far: impl FnOnce(&mut Far) + Send,
    client: impl FnOnce(&Client) -> T,
) -> T {
    let (near, parts) = transport.pair().unwrap();
    let (on_done, done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let parts = parts.into_parts().unwrap();
            far(&mut Far { reader: parts.reader, writer: parts.writer, done });
        });
        let outcome = client(&Client::from_transport_with(near, config).unwrap());
        drop(on_done);
        outcome
    })
}

/// Returns whether a call hit its limit of [`SOON`] during this operation.
pub(crate) fn met(error: Error, expected: Operation) -> bool {
    match error {
        Error::Deadline { operation, limit, fate } => {
            assert_eq!((operation, limit), (expected, SOON));
            // on a busy machine the time may be over before anything is sent
            assert!(!fate.connection_usable || fate.never_ran);
            fate.never_ran
        }
        other => panic!("{other:?}"),
    }
}
