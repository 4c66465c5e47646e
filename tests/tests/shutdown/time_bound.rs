//! A shutdown takes no longer than allowed, whatever handlers and clients do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::{Call, Contract, Contracts, Dispatch, Error, Peer, Served, Server, ServerHandle, ShutdownReport};
use rpc_tests::{watchdog, wire};

use crate::service::{Handler, Running, Work, WorkClient, WorkServer, start};

/// What a slow machine may take in addition; below each of the library's own time limits.
const SLACK: Duration = Duration::from_secs(4);

fn shut_down_within(server: ServerHandle, grace: Duration) -> ShutdownReport {
    let begin = Instant::now();
    let report = server.shutdown(grace);
    let took = begin.elapsed();
    assert!(took < grace + SLACK, "a grace period of {grace:?} took {took:?}");
    report
}

#[test]
fn a_handler_that_hangs_is_cut() {
    watchdog(|| {
        for grace in [Duration::ZERO, Duration::from_millis(100)] {
            let (server, running) = start();
            let client = running.client();
            thread::scope(|scope| {
                let call = scope.spawn(|| client.wait());
                let end = running.waiting.recv().unwrap();
                let report = shut_down_within(server, grace);
                assert_eq!(report.cut, 1);
                // the caller gets its error now, not when the handler ends
                let error = call.join().unwrap().unwrap_err();
                assert!(matches!(error, Error::Transport { .. }) && !error.never_ran(), "{error:?}");
                end.send(()).unwrap();
            });
        }
    });
}

#[test]
fn a_client_that_never_reads_is_cut() {
    watchdog(|| {
        let (server, running) = start();
        let mut raw = running.raw();
        raw.write_all(&wire::request("send", 4, r#"{"id": 1, "length": 1000000000000}"#)).unwrap();
        raw.read_exact(&mut [0; 100]).unwrap();
        assert_eq!(shut_down_within(server, Duration::from_millis(100)).cut, 1);
    });
}

#[test]
fn a_client_that_never_ends_its_upload_is_cut() {
    watchdog(|| {
        let (server, running) = start();
        let mut raw = running.raw();
        let header = wire::header(r#"{"Endpoint": "receive", "DataType": 4, "Accept": 3}"#);
        raw.write_all(&[header, wire::more("abc")].concat()).unwrap();
        running.waiting.recv().unwrap();
        assert_eq!(shut_down_within(server, Duration::from_millis(100)).cut, 1);
        assert!(ended_by_now(raw));
    });
}

#[test]
fn clients_that_stop_anywhere_do_not_delay_it() {
    watchdog(|| {
        let request = wire::request("run", 3, "5");
        let unknown = wire::header(r#"{"Endpoint": "reset", "DataType": 2, "Accept": 2}"#);
        // what they send, and whether the server answers or gives up, then waits for them to close,
        // which they do not
        let starts: [(&[u8], bool); 8] = [
            (b"", false),
            (&request[..1], false),
            (&request[..20], false),
            (&request[..request.len() - 1], false),
            (b"garbage instead of a frame", true),
            (&wire::header("no JSON"), true),
            (&wire::header(r#"{"Endpoint": "run", "DataType": 9, "Accept": 3}"#), true),
            (&[unknown, wire::data("5")].concat(), true),
        ];
        for (bytes, answered) in starts {
            let (server, running) = start();
            let mut raw = running.raw();
            raw.write_all(bytes).unwrap();
            running.client().run(1).unwrap();
            if answered {
                raw.read_exact(&mut [0]).unwrap();
            }
            shut_down_within(server, Duration::ZERO);
            assert!(ended_by_now(raw), "{}", bytes.escape_ascii());
        }
    });
}

/// Returns whether the server has ended this connection, that is, whether reading yields the end or
/// an error.
fn ended_by_now(mut raw: TcpStream) -> bool {
    raw.set_read_timeout(Some(SLACK)).unwrap();
    let mut rest = Vec::new();
    match raw.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn idle_connections_end_at_once() {
    watchdog(|| {
        let (server, running) = start();
        let clients: Vec<_> = (0..20).map(|_| running.client()).collect();
        for (id, client) in (0..).zip(&clients) {
            client.run(id).unwrap();
        }
        let mut raw = running.raw();
        raw.write_all(&wire::request("run", 3, "99")).unwrap();
        let (header, body) = (read_frame(&mut raw), read_frame(&mut raw));
        assert_eq!((header[0], &body[6..]), (wire::HEADER, &b"99"[..]));

        let begin = Instant::now();
        let report = server.shutdown(Duration::from_secs(30));
        assert!(begin.elapsed() < SLACK, "there was nothing to wait for, but it took {:?}", begin.elapsed());
        assert_eq!(report.cut, 0, "idle connections are ended, not cut");

        let mut last = Vec::new();
        raw.read_to_end(&mut last).unwrap();
        assert_eq!(last, wire::reset());
        drop(clients);
    });
}

/// Threads and handlers of idle connections end with the server, not only when their clients close.
#[test]
fn nothing_is_left_of_idle_connections() {
    /// A handler for one connection; reports when it is dropped.
    struct Own(Handler, mpsc::Sender<()>);
    impl Dispatch for Own {
        fn contracts(&self) -> Contracts {
            const { &Contract::new("Own").session() }.into()
        }
        fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
            WorkServer::new(self.0.clone()).dispatch(call)
        }
    }
    impl Drop for Own {
        fn drop(&mut self) {
            self.1.send(()).unwrap();
        }
    }
    watchdog(|| {
        let (_server, running) = start();
        let (dropped, drops) = mpsc::channel();
        let dropped = Mutex::new(dropped);
        let handler = running.handler.clone();
        let make = move |_: &Peer| Own(handler.clone(), dropped.lock().unwrap().clone());
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn_with(make).unwrap();
        let clients: Vec<_> = (0..5).map(|_| WorkClient::connect(server.address()).unwrap()).collect();
        for (id, client) in (0..).zip(&clients) {
            client.run(id).unwrap();
        }
        server.shutdown(Duration::from_secs(30));
        clients.iter().for_each(|_| drops.recv().unwrap());
        drop(clients);
    });
}

fn read_frame(raw: &mut TcpStream) -> Vec<u8> {
    let mut frame = vec![0; 6];
    raw.read_exact(&mut frame).unwrap();
    let length: [u8; 4] = frame[2..].try_into().unwrap();
    frame.resize(6 + u32::from_le_bytes(length) as usize, 0);
    raw.read_exact(&mut frame[6..]).unwrap();
    frame
}

#[test]
fn an_endless_grace_period_is_allowed() {
    watchdog(|| {
        let (server, running) = start();
        let client = running.client();
        client.run(1).unwrap();
        assert_eq!(server.shutdown(Duration::MAX).cut, 0);
    });
}

#[test]
fn dropping_the_handle_stops_the_server_at_once() {
    watchdog(|| {
        let (server, running): (_, Running) = start();
        let idle = running.client();
        idle.run(1).unwrap();
        let client = running.client();
        thread::scope(|scope| {
            let call = scope.spawn(|| client.wait());
            let _end = running.waiting.recv().unwrap();
            let begin = Instant::now();
            drop(server);
            assert!(begin.elapsed() < SLACK);
            assert!(TcpStream::connect(running.place()).is_err(), "the server still listens");
            call.join().unwrap().unwrap_err();
            idle.run(2).unwrap_err();
        });
    });
}
