//! Handlers that are cut get time to clean up, and the report says which of them did.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::{CallContext, Result, Server, ServerConfig, rpc_service};
use rpc_tests::{watchdog, wire};

use crate::service::{Work, start, start_with};

#[rpc_service]
trait Store {
    fn store(&self, content: impl Read) -> Result<u64>;
    /// Reads nothing, and returns when the caller is gone.
    fn linger(&self, content: impl Read) -> Result<()>;
}

/// Keeps a file while it receives one.
struct Files {
    folder: tempfile::TempDir,
    began: mpsc::Sender<()>,
}

impl Store for Files {
    fn store(&self, mut content: impl Read) -> Result<u64> {
        let mut part = tempfile::NamedTempFile::new_in(self.folder.path())?;
        self.began.send(()).unwrap();
        Ok(std::io::copy(&mut content, &mut part)?)
    }

    fn linger(&self, _content: impl Read) -> Result<()> {
        let context = CallContext::current().expect("a call is being answered");
        self.began.send(()).unwrap();
        while !context.caller_is_gone() {
            thread::yield_now();
        }
        Ok(())
    }
}

/// The temporary file stayed when `main` ended.
#[test]
fn a_handler_that_is_cut_has_cleaned_up_when_a_shutdown_returns() {
    watchdog(|| {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().to_owned();
            let (began, begun) = mpsc::channel();
            let store = StoreServer::new(Files { folder, began });
            let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(store.clone()).unwrap();
            let client = StoreClient::connect(server.address()).unwrap();
            thread::scope(|scope| {
                let upload = scope.spawn(|| client.store(std::io::repeat(7)));
                begun.recv().unwrap();
                let report = server.shutdown(Duration::ZERO);
                assert_eq!((report.finished, report.cut, report.still_running), (0, 1, 0));
                assert_eq!(path.read_dir().unwrap().count(), 0);
                upload.join().unwrap().unwrap_err();
            });
        }
    });
}

/// Bytes that nobody has read hid the end of the connection behind them.
#[test]
fn a_handler_that_asks_learns_that_it_was_cut() {
    watchdog(|| {
        let (began, begun) = mpsc::channel();
        let store = StoreServer::new(Files { folder: tempfile::tempdir().unwrap(), began });
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(store).unwrap();
        let client = StoreClient::connect(server.address()).unwrap();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.linger(std::io::repeat(7)));
            begun.recv().unwrap();
            let report = server.shutdown(Duration::ZERO);
            assert_eq!((report.cut, report.still_running), (1, 0));
            call.join().unwrap().unwrap_err();
        });
    });
}

#[test]
fn a_handler_that_does_not_return_is_reported() {
    watchdog(|| {
        let config = ServerConfig::default().cleanup_time(Duration::from_millis(50));
        let (server, running) = start_with("tcp://127.0.0.1:0", config);
        let client = running.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.wait());
            let end = running.waiting.recv().unwrap();
            let report = server.shutdown(Duration::ZERO);
            assert_eq!((report.finished, report.cut, report.still_running), (0, 1, 1));
            end.send(()).unwrap();
            call.join().unwrap().unwrap_err();
        });
    });
}

#[test]
fn calls_that_end_within_the_grace_are_counted() {
    watchdog(|| {
        let (server, running) = start();
        let clients = [running.client(), running.client(), running.client()];
        thread::scope(|scope| {
            let calls: Vec<_> = clients.iter().map(|client| scope.spawn(|| client.wait())).collect();
            let ends: Vec<_> = calls.iter().map(|_| running.waiting.recv().unwrap()).collect();
            let stopping = scope.spawn(|| server.shutdown(Duration::from_secs(30)));
            running.until_refused();
            ends.iter().for_each(|end| end.send(()).unwrap());
            let report = stopping.join().unwrap();
            assert_eq!((report.finished, report.cut, report.still_running), (3, 0, 0));
            calls.into_iter().for_each(|call| _ = call.join().unwrap().unwrap());
        });
    });
}

/// One that has been closing before is neither finished nor cut.
#[test]
fn without_calls_the_report_is_empty_and_nothing_is_waited_for() {
    watchdog(|| {
        let (server, running) =
            start_with("tcp://127.0.0.1:0", ServerConfig::default().cleanup_time(Duration::from_secs(60)));
        running.client().run(1).unwrap();
        let mut raw = running.raw();
        raw.write_all(&wire::header("no JSON")).unwrap();
        raw.read_exact(&mut [0]).unwrap();
        let begin = Instant::now();
        let report = server.shutdown(Duration::from_secs(30));
        assert_eq!((report.finished, report.cut, report.still_running), (0, 0, 0));
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    });
}

/// The end of the longest time is no instant that can be expressed.
#[test]
fn the_longest_clean_up_time_is_a_long_one() {
    watchdog(|| {
        let config = ServerConfig::default().cleanup_time(Duration::MAX);
        let (server, running) = start_with("tcp://127.0.0.1:0", config);
        let client = running.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.wait());
            let end = running.waiting.recv().unwrap();
            let stopping = scope.spawn(|| server.shutdown(Duration::ZERO));
            // the connection is cut
            call.join().unwrap().unwrap_err();
            end.send(()).unwrap();
            let report = stopping.join().unwrap();
            assert_eq!((report.cut, report.still_running), (1, 0));
        });
    });
}
