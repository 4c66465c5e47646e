//! Repeated signals do not prolong a wait, although the kernel restarts the wait after each.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{Client, ClientConfig, Error, Result};
use rpc_tests::{TransportKind, watchdog};

use super::failing::{broken_reply, scripted};
use super::interrupt::{interrupt, prepare};
use super::{Store, StoreClient, bytes, file};

/// The stall limit, which is longer than the time between two signals.
const STALL: Duration = Duration::from_millis(300);

fn config() -> ClientConfig {
    ClientConfig::default().stall_timeout(Some(STALL))
}

/// Runs a call on a thread that gets one signal after another, and checks that it hits the stall
/// limit.
fn meets_its_limit(call: impl FnOnce() -> Result<u64> + Send + 'static) {
    prepare();
    let (end, ended) = mpsc::channel::<()>();
    let calling = thread::spawn(move || {
        let outcome = call();
        drop(end);
        outcome
    });
    // nothing is ever sent here: it ends with the call
    while ended.recv_timeout(STALL / 30) == Err(mpsc::RecvTimeoutError::Timeout) {
        interrupt(&calling);
    }
    let error = calling.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error:?}");
}

#[test]
fn a_copy_from_a_silent_server_ends_at_the_limit() {
    watchdog(|| {
        let (stay, gone) = mpsc::channel::<()>();
        let script = move |mut far: UnixStream| {
            far.write_all(&broken_reply()).unwrap();
            _ = gone.recv();
        };
        let client = scripted(script, config());
        meets_its_limit(move || Ok(client.fetch()?.copy_to(&mut file(b""))?));
        drop(stay);
    });
}

#[test]
fn a_file_to_a_server_that_reads_nothing_ends_at_the_limit() {
    watchdog(|| {
        // unlike a Unix socket, TCP accepts more than is sent before the kernel begins to move
        // bytes
        let (near, _far) = TransportKind::Tcp.pair().unwrap();
        let client = StoreClient::new(Client::from_transport_with(near, config()).unwrap());
        meets_its_limit(move || client.keep(&mut file(&bytes(64 << 20))));
    });
}
