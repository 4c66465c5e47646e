//! Panics outside a handler's own code: when the handler is cloned or created, when the panic's
//! payload is dropped, in a hook. Each costs its connection at most, and callers on it learn that
//! nothing ran.

use std::io::{self, Read};
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rpc_core::{
    Call, CallOptions, Client, Contract, Contracts, Dispatch, Ended, Error, Peer, Result, Served, Server, ServerConfig,
    serve_connection,
};
use rpc_tests::watchdog;

use crate::fixture::Served as Running;

/// A handler written by hand, with its own code wherever the library calls some.
struct Careless {
    clone_panics: Arc<AtomicBool>,
}

impl Careless {
    fn new() -> (Careless, Arc<AtomicBool>) {
        let clone_panics = Arc::new(AtomicBool::new(false));
        (Careless { clone_panics: Arc::clone(&clone_panics) }, clone_panics)
    }
}

impl Clone for Careless {
    fn clone(&self) -> Careless {
        assert!(!self.clone_panics.load(Ordering::SeqCst), "on purpose");
        Careless { clone_panics: Arc::clone(&self.clone_panics) }
    }
}

impl Dispatch for Careless {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Careless") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "explode" => call.takes_json().returns_json(|(): ()| -> Result<()> { panic_any(Bomb) }),
            _ => call.takes_json().returns_json(|number: u32| Ok::<_, Error>(number)),
        }
    }
}

/// A panic payload that itself panics when dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("on purpose, again");
    }
}

fn echo(client: &Client) -> Result<u32> {
    client.call("echo").with(&7).json()
}

/// Checks that a call has not run, and that its error says so, and why.
fn assert_refused(outcome: Result<u32>) {
    let error = outcome.unwrap_err();
    assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
    let remote = error.remote().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!(remote.message, "the server could not make a handler for this connection");
}

/// The panic silently ended the thread that accepts connections.
#[test]
fn a_handler_that_cannot_be_cloned_costs_one_connection() {
    watchdog(|| {
        let (handler, clone_panics) = Careless::new();
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(handler).unwrap();
        for _ in 0..2 {
            clone_panics.store(true, Ordering::SeqCst);
            let client = Client::connect(server.address()).unwrap();
            assert_refused(echo(&client));
            clone_panics.store(false, Ordering::SeqCst);
            assert_eq!(echo(&client).unwrap(), 7);
        }
    });
}

/// The connection was cut without the Reset that says that nothing ran.
#[test]
fn a_handler_that_cannot_be_created_costs_one_connection() {
    watchdog(|| {
        let panics = Arc::new(AtomicBool::new(true));
        let flag = Arc::clone(&panics);
        let make = move |_: &Peer| {
            if flag.load(Ordering::SeqCst) {
                panic_any(Bomb);
            }
            Careless::new().0
        };
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn_with(make).unwrap();
        let client = Client::connect(server.address()).unwrap();
        assert_refused(echo(&client));
        panics.store(false, Ordering::SeqCst);
        assert_eq!(echo(&client).unwrap(), 7);
    });
}

/// Dropping the payload of a handler's panic ended the connection's thread after the caller had its
/// answer, so the next, innocent call failed and might have run.
#[test]
fn a_panic_whose_payload_panics_fails_only_its_call() {
    watchdog(|| {
        let running = Running::new(Careless::new().0);
        let client = running.client();
        for _ in 0..3 {
            let error = client.call("explode").with(&()).json::<()>().unwrap_err();
            assert_eq!(error.remote().unwrap().message, "the handler panicked");
            assert_eq!(echo(&client).unwrap(), 7);
        }
        assert_eq!(running.connections(), 1);
    });
}

#[test]
fn a_hook_that_panics_fails_no_call() {
    watchdog(|| {
        let config = ServerConfig::default().trace_context(|_, _| panic_any(Bomb));
        let running = Running::with(Careless::new().0, config);
        let client = running.client().with_options(CallOptions::default().metadata("traceparent", "00-1-2-01"));
        assert_eq!(echo(&client).unwrap(), 7);
        assert_eq!(echo(&client).unwrap(), 7);
        assert_eq!(running.connections(), 1);
    });
}

/// Panics when read.
struct Exploding;

impl Read for Exploding {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        panic_any(Bomb)
    }
}

/// The thread that reads from such a half ended the process, because std aborts if the payload of a
/// thread's panic cannot be dropped.
#[test]
fn a_half_whose_panic_panics_costs_only_its_connection() {
    watchdog(|| {
        // the thread may be slower than this one, so the process may end only in a later round
        for _ in 0..200 {
            let ended = serve_connection((Exploding, io::sink()), Careless::new().0).unwrap();
            assert_eq!(ended, Ended::HungUp);
        }
    });
}
