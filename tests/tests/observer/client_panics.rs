//! Observers that panic, also while another panic unwinds, and that call the client themselves.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rpc_core::{
    CallReport, Client, ClientConfig, ConnectionInfo, Ended, Error, ErrorKind, Misuse, Observer, ServerConfig,
};
use rpc_tests::{TransportKind, watchdog};

use crate::depot::{Depot, DepotClient, DepotServer, Shed};

/// Panics whenever it is told something, and counts.
#[derive(Default)]
struct Panicking {
    calls: AtomicUsize,
    opened: AtomicUsize,
    closed: AtomicUsize,
    waits: AtomicUsize,
}

fn count(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::SeqCst);
    panic!("on purpose");
}

impl Observer for Panicking {
    fn connection_opened(&self, _connection: &ConnectionInfo<'_>) {
        count(&self.opened);
    }

    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, _end: Result<Ended, ErrorKind>) {
        count(&self.closed);
    }

    fn call_ended(&self, _call: &CallReport<'_>) {
        count(&self.calls);
    }

    fn pool_waited(&self, _waited: Duration) {
        count(&self.waits);
    }
}

fn client_of(config: ClientConfig) -> Client {
    TransportKind::Memory.serve_with(DepotServer::new(Shed), config, ServerConfig::default(), |near| near).0
}

/// Panics when it is read.
struct Source;

impl Read for Source {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        panic!("on purpose")
    }
}

#[test]
fn an_observer_that_panics_harms_nothing() {
    watchdog(|| {
        for shared in [0, 1] {
            let observer = Arc::new(Panicking::default());
            let config =
                ClientConfig::default().observer(Arc::<Panicking>::clone(&observer)).shared_connections(shared);
            let client = client_of(config.max_connections(1 + shared));
            let depot = DepotClient::new(client.clone());
            for _ in 0..3 {
                assert_eq!(depot.echo("text").unwrap(), "text");
                depot.fail("no").unwrap_err();
                assert_eq!(io::copy(&mut depot.down(9).unwrap(), &mut io::sink()).unwrap(), 9);
                drop(depot.down(9).unwrap());
                assert_eq!(client.pipeline::<_, String>("echo", ["a", "b"]).unwrap().filter(Result::is_ok).count(), 2);
                // here the observer panics while a panic unwinds
                let panicked = catch_unwind(AssertUnwindSafe(|| depot.up(Source))).unwrap_err();
                assert_eq!(panicked.downcast_ref(), Some(&"on purpose"));
            }
            drop((client, depot));
            assert_eq!(observer.calls.load(Ordering::SeqCst), 3 * 7);
            // the thread of a shared connection gives it back when the caller may have gone on
            while observer.closed.load(Ordering::SeqCst) < observer.opened.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            assert!(observer.opened.load(Ordering::SeqCst) >= 3);
        }
    });
}

/// Makes a call of its own whenever it is told something by another.
#[derive(Default)]
struct Calling {
    client: OnceLock<Client>,
    busy: AtomicBool,
    calls: AtomicUsize,
}

impl Calling {
    fn call(&self) {
        let Some(client) = self.client.get() else { return };
        if !self.busy.swap(true, Ordering::SeqCst) {
            assert_eq!(client.call("echo").with("from the observer").json::<String>().unwrap(), "from the observer");
            self.calls.fetch_add(1, Ordering::SeqCst);
            self.busy.store(false, Ordering::SeqCst);
        }
    }
}

impl Observer for Calling {
    fn connection_opened(&self, _connection: &ConnectionInfo<'_>) {
        self.call();
    }

    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, _end: Result<Ended, ErrorKind>) {
        self.call();
    }

    fn call_ended(&self, _call: &CallReport<'_>) {
        self.call();
    }
}

#[test]
fn no_lock_is_held_while_an_observer_runs() {
    watchdog(|| {
        for shared in [0, 2] {
            let observer = Arc::new(Calling::default());
            let config = ClientConfig::default().observer(Arc::<Calling>::clone(&observer)).shared_connections(shared);
            let client = client_of(config.max_idle_connections(0));
            observer.client.set(client.clone()).unwrap_or_else(|_| unreachable!("it is set once"));
            let depot = DepotClient::new(client.clone());
            depot.echo("text").unwrap();
            depot.fail("no").unwrap_err();
            drop(depot.down(9).unwrap());
            assert_eq!(client.pipeline::<_, String>("echo", ["a", "b"]).unwrap().filter(Result::is_ok).count(), 2);
            assert!(observer.calls.load(Ordering::SeqCst) >= 5);
            // the observer and its client own each other
            client.close().unwrap();
        }
    });
}

/// Tries to make a call while the only connection is in use by the call that it is told of.
#[derive(Default)]
struct Impatient {
    client: OnceLock<Client>,
    busy: AtomicUsize,
}

impl Observer for Impatient {
    fn call_ended(&self, call: &CallReport<'_>) {
        if call.error != Some(ErrorKind::Misuse)
            && let Some(client) = self.client.get()
        {
            let error = client.call("echo").with("from the observer").json::<String>().unwrap_err();
            assert!(matches!(error, Error::Misuse(Misuse::Busy)), "{error:?}");
            self.busy.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The thread that dropped them counted as one that others do not wait for.
#[test]
fn what_another_thread_drops_is_not_waited_for_there() {
    watchdog(|| {
        let observer = Arc::new(Impatient::default());
        let config = ClientConfig::default().observer(Arc::<Impatient>::clone(&observer)).max_connections(1);
        let client = client_of(config.reply_timeout(Some(Duration::from_secs(5))));
        observer.client.set(client.clone()).unwrap_or_else(|_| unreachable!("it is set once"));
        let stream = DepotClient::new(client.clone()).down(9).unwrap();
        std::thread::spawn(move || drop(stream)).join().unwrap();
        let mut pipeline = client.pipeline::<_, String>("echo", ["a", "b"]).unwrap();
        std::thread::spawn(move || {
            assert_eq!(pipeline.next().unwrap().unwrap(), "a");
            drop(pipeline);
        })
        .join()
        .unwrap();
        assert_eq!(observer.busy.load(Ordering::SeqCst), 3);
        client.close().unwrap();
    });
}
