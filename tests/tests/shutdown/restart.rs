//! A server that stops and starts again at the same address.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use rpc_core::{Error, Misuse, Operation, Result, Server, rpc_service};
use rpc_tests::watchdog;

use crate::service::{Work, start, start_at};

const GRACE: Duration = Duration::from_secs(30);

#[test]
fn nobody_listens_after_a_shutdown() {
    watchdog(|| {
        let (server, running) = start();
        TcpStream::connect(running.place()).unwrap();
        server.shutdown(Duration::ZERO);
        let refused = TcpStream::connect(running.place()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        let error = crate::service::WorkClient::connect(&running.address).unwrap_err();
        assert!(matches!(error, Error::Transport { .. }) && error.never_ran(), "{error:?}");
    });
}

#[test]
fn a_client_works_again_with_the_next_server() {
    watchdog(|| {
        let (server, first) = start();
        let client = first.client();
        let address = first.address.to_string();
        // put some idle connections into its pool
        thread::scope(|scope| {
            for id in 0..3 {
                let client = &client;
                scope.spawn(move || client.run(id).unwrap());
            }
        });
        server.shutdown(GRACE);

        for id in 10..13 {
            let error = client.run(id).unwrap_err();
            assert!(error.never_ran(), "retrying is safe: {error:?}");
            assert!(matches!(error, Error::Transport { operation: Operation::Connecting, .. }), "{error:?}");
        }

        let (_server, second) = start_at(&address);
        for id in 20..30 {
            assert_eq!(client.run(id).unwrap(), id, "the very first call works, and each after it");
        }
        assert!(second.handler.ran.lock().unwrap().contains(&20));
    });
}

#[test]
fn a_client_that_did_not_notice_works_with_the_next_server() {
    watchdog(|| {
        let (mut server, first) = start();
        let client = first.client();
        let address = first.address.to_string();
        client.run(1).unwrap();
        for id in 2..10 {
            server.shutdown(GRACE);
            let (next, _running) = start_at(&address);
            server = next;
            assert_eq!(client.run(id).unwrap(), id, "the ended connection is replaced");
        }
    });
}

#[test]
fn a_call_that_was_cut_does_not_spoil_the_next() {
    watchdog(|| {
        let (server, first) = start();
        let client = first.client();
        let address = first.address.to_string();
        let end = thread::scope(|scope| {
            let call = scope.spawn(|| client.wait());
            let end = first.waiting.recv().unwrap();
            server.shutdown(Duration::ZERO);
            call.join().unwrap().unwrap_err();
            end
        });
        let (_server, _second) = start_at(&address);
        assert_eq!(client.run(1).unwrap(), 1);
        end.send(()).unwrap();
    });
}

#[rpc_service]
trait Counter {
    fn next(&mut self) -> Result<u32>;
}

#[derive(Clone, Default)]
struct Count(u32);

impl Counter for Count {
    fn next(&mut self) -> Result<u32> {
        self.0 += 1;
        Ok(self.0)
    }
}

/// A session does not open another connection, because its handler would remember nothing.
#[test]
fn a_session_stays_closed() {
    watchdog(|| {
        let serve = |address: &str| Server::bind(address).unwrap().spawn(CounterServer::new(Count::default())).unwrap();
        let server = serve("tcp://127.0.0.1:0");
        let address = server.address().to_string();
        let mut session = CounterClient::connect(&address).unwrap();
        assert_eq!(session.next().unwrap(), 1);
        server.shutdown(GRACE);
        let _next = serve(&address);
        let error = session.next().unwrap_err();
        assert!(error.never_ran() && !error.connection_usable(), "{error:?}");
        assert!(matches!(session.next(), Err(Error::Misuse(Misuse::Closed))));
        assert_eq!(CounterClient::connect(&address).unwrap().next().unwrap(), 1);
    });
}
