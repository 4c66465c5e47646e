//! Clients whose connections are not accepted yet when the server stops.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use rpc_core::ServerConfig;
use rpc_tests::{watchdog, wire};

use crate::service::{Work, start_with};

/// Clients that wait for a server of one connection.
const QUEUED: u64 = 20;

/// Stops a busy server while requests wait in its listen queue. `connect` opens a connection
/// without a client.
fn stop_with_a_queue<S: Read + Write>(address: &str, grace: Duration, connect: impl Fn(&str) -> S) {
    let (server, running) = start_with(address, ServerConfig::default().max_connections(1));
    let address = running.address.to_string();
    let place = address.split_once("://").unwrap().1;
    let busy = running.client();
    thread::scope(|scope| {
        let call = scope.spawn(|| busy.wait());
        let end = running.waiting.recv().unwrap();
        let queued: Vec<S> = (0..QUEUED)
            .map(|id| {
                let mut raw = connect(place);
                raw.write_all(&wire::request("run", 3, &id.to_string())).unwrap();
                raw
            })
            .collect();
        let client = running.client();
        let stop = scope.spawn(|| server.shutdown(grace));
        for mut raw in queued {
            let mut bytes = Vec::new();
            // without a grace period the connection is cut, but only after it got the Reset
            _ = raw.read_to_end(&mut bytes);
            assert_eq!(bytes, wire::reset(), "with a grace period of {grace:?}");
        }
        let error = client.run(QUEUED).unwrap_err();
        assert!(error.never_ran(), "{error:?}");
        end.send(()).unwrap();
        _ = call.join().unwrap();
        stop.join().unwrap();
    });
    assert!(running.handler.ran.lock().unwrap().is_empty());
}

/// Clients got "connection reset" and did not know whether their requests had run.
#[test]
fn requests_in_the_listen_queue_learn_that_they_never_ran() {
    watchdog(|| {
        for grace in [Duration::ZERO, Duration::from_millis(100), Duration::from_secs(30)] {
            stop_with_a_queue("tcp://127.0.0.1:0", grace, |place| std::net::TcpStream::connect(place).unwrap());
            #[cfg(unix)]
            {
                let dir = tempfile::tempdir().unwrap();
                let address = format!("unix://{}", dir.path().join("rpc.sock").display());
                stop_with_a_queue(&address, grace, |path| std::os::unix::net::UnixStream::connect(path).unwrap());
            }
        }
    });
}
