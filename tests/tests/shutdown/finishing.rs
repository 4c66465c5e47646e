//! During its grace period a shutdown lets calls finish.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use rpc_tests::{watchdog, wire};

use crate::service::{Work, start};

const GRACE: Duration = Duration::from_secs(30);

#[test]
fn a_call_that_ends_within_the_grace_gets_its_reply() {
    watchdog(|| {
        let (server, running) = start();
        let client = running.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.wait());
            let end = running.waiting.recv().unwrap();
            let shutdown = scope.spawn(|| server.shutdown(GRACE));
            running.until_refused();
            assert!(!shutdown.is_finished(), "a call is still under way");
            end.send(()).unwrap();
            assert_eq!(call.join().unwrap().unwrap(), "done");
            // the caller drops its old connection when it calls again
            assert!(client.run(1).unwrap_err().never_ran());
            assert_eq!(shutdown.join().unwrap().cut, 0);
        });
        assert!(running.handler.ran.lock().unwrap().is_empty(), "no further call ran");
    });
}

#[test]
fn a_stream_that_ends_within_the_grace_arrives_whole() {
    watchdog(|| {
        let (server, running) = start();
        let client = running.client();
        let length = 30_000_000;
        let mut stream = client.send(1, length).unwrap();
        thread::scope(|scope| {
            let shutdown = scope.spawn(|| server.shutdown(GRACE));
            running.until_refused();
            assert_eq!(io::copy(&mut stream, &mut io::sink()).unwrap(), length);
            assert!(client.run(2).unwrap_err().never_ran());
            assert_eq!(shutdown.join().unwrap().cut, 0);
        });
    });
}

#[test]
fn an_upload_that_ends_within_the_grace_is_answered() {
    /// Yields bytes; before the last ones it waits until the server refuses connections.
    struct Hesitant<F: FnMut()>(u64, F);
    impl<F: FnMut()> Read for Hesitant<F> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.0 <= 1_000_000 {
                (self.1)();
            }
            let count = io::repeat(7).take(self.0.min(500_000)).read(buf)?;
            self.0 -= count as u64;
            Ok(count)
        }
    }
    watchdog(|| {
        let (server, running) = start();
        let client = running.client();
        let mut server = Some(server);
        thread::scope(|scope| {
            let mut shutdown = None;
            let begin = || {
                let Some(server) = server.take() else { return };
                running.waiting.recv().unwrap();
                shutdown = Some(scope.spawn(|| server.shutdown(GRACE)));
                running.until_refused();
            };
            assert_eq!(client.receive(Hesitant(3_000_000, begin)).unwrap(), 3_000_000);
            assert_eq!(shutdown.unwrap().join().unwrap().cut, 0);
        });
    });
}

/// A reply that the client has not read when the server stops still arrives, although the client
/// sends more.
#[test]
fn the_last_reply_arrives_although_the_client_keeps_sending() {
    watchdog(|| {
        let (server, running) = start();
        let mut raw: TcpStream = running.raw();
        raw.write_all(&wire::request("wait", 3, "null")).unwrap();
        let end = running.waiting.recv().unwrap();
        thread::scope(|scope| {
            let shutdown = scope.spawn(|| server.shutdown(GRACE));
            running.until_refused();
            // pipelined requests that will not be answered
            raw.write_all(&wire::request("run", 3, "1").repeat(1000)).unwrap();
            end.send(()).unwrap();
            let mut bytes = Vec::new();
            raw.read_to_end(&mut bytes).unwrap();
            let messages = wire::messages(&bytes);
            assert_eq!(messages.len(), 3, "a reply's header and body, and a Reset: {}", bytes.escape_ascii());
            assert!(bytes.ends_with(&[wire::data(r#""done""#), wire::reset()].concat()));
            drop(raw);
            shutdown.join().unwrap();
        });
        assert!(running.handler.ran.lock().unwrap().is_empty());
    });
}
