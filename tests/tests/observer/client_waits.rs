//! Calls that wait for a connection.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, Client, ErrorKind};
use rpc_tests::{TransportKind, watchdog};

use crate::depot::{Depot, DepotClient, DepotServer, Shed};
use crate::recorder::Recorder;

fn limited() -> (Client, Arc<Recorder>) {
    let (recorder, config) = Recorder::with_config();
    let config = config.max_connections(1);
    let (client, _) = TransportKind::Memory.serve_with(DepotServer::new(Shed), config, <_>::default(), |near| near);
    (client, recorder)
}

#[test]
fn a_call_that_finds_a_connection_does_not_wait() {
    watchdog(|| {
        let (client, recorder) = limited();
        let depot = DepotClient::new(client);
        (0..100).for_each(|_| _ = depot.echo("").unwrap());
        let stream = depot.down(1).unwrap();
        // waiting would be hopeless
        depot.echo("").unwrap_err();
        drop(stream);
        assert!(recorder.waits().is_empty());
    });
}

#[test]
fn each_call_that_waits_says_so_once() {
    const THREADS: usize = 4;
    watchdog(|| {
        let (client, recorder) = limited();
        let depot = DepotClient::new(client);
        let mut stream = depot.down(u64::MAX).unwrap();
        let options = CallOptions::default().timeout(Some(Duration::from_millis(50)));
        let patient = DepotClient::with_options(&depot, options);
        thread::scope(|scope| {
            let waiters = [(); THREADS].map(|()| scope.spawn(|| patient.echo("").unwrap_err()));
            // whenever another thread reads the stream, all that wait wake up and wait again
            while !waiters.iter().all(thread::ScopedJoinHandle::is_finished) {
                thread::scope(|scope| _ = scope.spawn(|| stream.read_exact(&mut [0]).unwrap()));
            }
        });
        let waits = recorder.waits();
        assert_eq!(waits.len(), THREADS);
        let calls = recorder.calls();
        assert_eq!(calls.len(), THREADS);
        for call in &calls {
            assert_eq!((call.peer.as_ref(), call.end()), (None, (None, Some(ErrorKind::Deadline), None)));
        }
        let longest = calls.iter().map(|call| call.elapsed).max();
        assert!(waits.iter().max() <= longest.as_ref(), "{waits:?} {calls:?}");
    });
}

#[test]
fn a_call_may_get_a_connection_after_a_wait() {
    const THREADS: usize = 8;
    const CALLS: usize = 200;
    watchdog(|| {
        let (client, recorder) = limited();
        let depot = DepotClient::new(client);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..CALLS).for_each(|_| _ = depot.echo("").unwrap()));
            }
        });
        let waits = recorder.waits().len();
        assert!((1..=THREADS * CALLS).contains(&waits), "{waits}");
        assert_eq!((recorder.calls().len(), recorder.opened()), (THREADS * CALLS, 1));
    });
}
