//! A thread that waits for a server, and others that stop it.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Listener, MemoryStream};
use rpc_core::{Address, Error, Operation, Server};
use rpc_tests::watchdog;

use crate::service::{Handler, Running, Work, WorkServer, start};

#[test]
fn waiting_ends_when_the_server_has_been_stopped() {
    watchdog(|| {
        let (server, running) = start();
        let stopper = server.stopper();
        let client = running.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.wait());
            let end = running.waiting.recv().unwrap();
            let waiting = scope.spawn(|| server.wait());
            stopper.stop(Duration::from_secs(60));
            running.until_refused();
            assert!(!waiting.is_finished(), "a call is under way");
            end.send(()).unwrap();
            assert_eq!(call.join().unwrap().unwrap(), "done");
            let report = waiting.join().unwrap().unwrap();
            assert_eq!((report.finished, report.cut), (1, 0));
        });
    });
}

/// As by a second Ctrl-C.
#[test]
fn stopping_again_without_a_grace_cuts_at_once() {
    watchdog(|| {
        let (server, running) = start();
        let stopper = server.stopper();
        let client = running.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.wait());
            let end = running.waiting.recv().unwrap();
            let waiting = scope.spawn(|| server.wait());
            stopper.stop(Duration::MAX);
            running.until_refused();
            // a longer grace changes nothing
            stopper.clone().stop(Duration::ZERO);
            stopper.stop(Duration::MAX);
            call.join().unwrap().unwrap_err();
            end.send(()).unwrap();
            assert_eq!(waiting.join().unwrap().unwrap().cut, 1);
        });
    });
}

#[test]
fn a_stopper_may_outlive_its_server() {
    watchdog(|| {
        let (server, _running) = start();
        let stopper = server.stopper();
        drop(server);
        stopper.stop(Duration::ZERO);
    });
}

/// Fails for good once the test says so.
struct Failing(std::sync::Mutex<mpsc::Receiver<()>>);

impl Listener for Failing {
    type Transport = MemoryStream;

    fn accept(&self) -> io::Result<Option<MemoryStream>> {
        _ = self.0.lock().unwrap().recv();
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn address(&self) -> Address {
        Address::Other("nowhere".to_owned())
    }

    fn wake(&self) {}
}

#[test]
fn waiting_ends_when_no_more_connections_can_be_accepted() {
    watchdog(|| {
        let (fail, failing) = mpsc::channel();
        let (_server, Running { handler, .. }): (_, Running) = start();
        let service = WorkServer::<Handler>::new(handler);
        let server = Server::new(Failing(failing.into())).unwrap().spawn(service).unwrap();
        drop(fail);
        let error = server.wait().unwrap_err();
        assert!(matches!(error, Error::Transport { operation: Operation::Accepting, .. }), "{error:?}");
    });
}

/// Also if accepting has failed before.
#[test]
fn a_shutdown_after_that_ends_at_once() {
    watchdog(|| {
        let (fail, failing) = mpsc::channel();
        let (_server, Running { handler, .. }): (_, Running) = start();
        let service = WorkServer::<Handler>::new(handler);
        let server = Server::new(Failing(failing.into())).unwrap().spawn(service).unwrap();
        drop(fail);
        let begin = Instant::now();
        assert_eq!(server.shutdown(Duration::from_secs(60)).cut, 0);
        assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    });
}
