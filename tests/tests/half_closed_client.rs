//! A client that has ended its own direction still reads, so the server sends all replies before it
//! drops the connection.

use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use rpc_core::{Ended, serve_connection};
use rpc_tests::{OriginalServer, Reference, watchdog, wire};

/// Collects what is written to a half, because it outlives the half.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server on standard input and output ended, and its process with it, before its helper thread
/// had written the reply.
#[test]
fn a_pair_of_halves_writes_everything_before_it_is_dropped() {
    watchdog(|| {
        let requests = wire::request("Echo", 3, "1").repeat(3);
        let reply = [wire::ok(3), wire::data("1")].concat();
        for _ in 0..200 {
            let written = Written::default();
            let halves = (Cursor::new(requests.clone()), written.clone());
            assert_eq!(serve_connection(halves, OriginalServer::new(Reference)).unwrap(), Ended::HungUp);
            assert_eq!(*written.0.lock().unwrap(), reply.repeat(3));
        }
    });
}
