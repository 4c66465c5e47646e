//! Connections that end before their first call. A balancer that checks a server makes one a
//! second or so, and anybody who scans ports some, so nothing of it is above DEBUG.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::transport::{IntoListener, Parts, SocketListener, SocketStream};
use rpc_core::{Address, Server, ServerConfig, Transport};
use rpc_tests::{OriginalServer, Reference, watchdog};

use super::Listener;

/// A listener whose connections are set up when the test says so, and recorded from then on.
struct Recorded {
    socket: SocketListener,
    heard: Listener,
    go: Arc<Mutex<mpsc::Receiver<()>>>,
}

struct RecordedStream(SocketStream, Listener, Arc<Mutex<mpsc::Receiver<()>>>);

impl rpc_core::transport::Listener for Recorded {
    type Transport = RecordedStream;

    fn accept(&self) -> io::Result<Option<RecordedStream>> {
        let accepted = self.socket.accept()?;
        Ok(accepted.map(|stream| RecordedStream(stream, self.heard.clone(), Arc::clone(&self.go))))
    }

    fn address(&self) -> Address {
        self.socket.address()
    }

    fn wake(&self) {
        self.socket.wake();
    }
}

impl Transport for RecordedStream {
    fn into_parts(self) -> io::Result<Parts> {
        // for the rest of this thread, which is the connection's own
        std::mem::forget(tracing::subscriber::set_default(self.1));
        self.2.lock().unwrap().recv().unwrap();
        self.0.into_parts()
    }
}

/// When a client acts.
#[derive(Clone, Copy)]
enum When {
    /// Before the server sets up the connection.
    Before,
    /// Meanwhile, or soon before or after.
    Meanwhile,
    /// When it is served.
    Served,
}

/// Has a client do this with a connection, and then end it. Returns what is logged.
fn heard_of(config: ServerConfig, when: When, client: impl FnOnce(TcpStream)) -> Vec<String> {
    let (heard, (go, gone)) = (Listener::default(), mpsc::channel());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let socket = socket.into_listener().unwrap();
    let listener = Recorded { socket, heard: heard.clone(), go: Arc::new(Mutex::new(gone)) };
    let server = Server::new_with(listener, config).unwrap().spawn(OriginalServer::new(Reference)).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    let mut client = Some(|| client(stream));
    if matches!(when, When::Before) {
        client.take().unwrap()();
    }
    go.send(()).unwrap();
    while matches!(when, When::Served) && !heard.has_heard("span rpc_connection") {
        thread::yield_now();
    }
    client.into_iter().for_each(|client| client());
    while !heard.has_heard("DEBUG") {
        thread::yield_now();
    }
    server.shutdown(Duration::ZERO);
    // a thread that ends drops its subscriber
    while Arc::strong_count(&heard.0) > 1 {
        thread::yield_now();
    }
    heard.heard()
}

/// Closes a connection so that the system resets it.
#[cfg(unix)]
fn reset(stream: TcpStream) {
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

fn check(heard: &[String], expected: &str) {
    let quiet = |line: &String| !["INFO", "WARN", "ERROR"].iter().any(|level| line.starts_with(level));
    assert!(heard.iter().all(quiet), "{heard:?}");
    let of_ends = |line: &&String| line.starts_with("DEBUG") && line.contains("connection");
    let ends: Vec<_> = heard.iter().filter(of_ends).collect();
    assert_eq!(ends.len(), 1, "{heard:?}");
    assert!(ends[0].contains(expected), "{heard:?}");
}

#[test]
fn a_check_that_connects_and_closes_is_logged_for_debugging() {
    watchdog(|| {
        let ended = "the connection has ended ended=hung_up";
        for when in [When::Before, When::Meanwhile, When::Served] {
            check(&heard_of(ServerConfig::default(), when, drop), ended);
        }
        #[cfg(unix)]
        {
            // a socket that has been reset before has no peer any more
            check(&heard_of(ServerConfig::default(), When::Before, reset), "connection");
            check(&heard_of(ServerConfig::default(), When::Meanwhile, reset), "connection");
            check(&heard_of(ServerConfig::default(), When::Served, reset), ended);
        }
    });
}

#[test]
fn so_is_one_that_sends_no_proxy_header() {
    watchdog(|| {
        for when in [When::Before, When::Meanwhile] {
            let config = || ServerConfig::default().proxy_protocol(true);
            let heard = heard_of(config(), when, drop);
            check(&heard, "a connection could not be set up peer=tcp://127.0.0.1:");
            check(&heard, "error=the connection ended in its PROXY header, after 0 of 16 bytes");
            #[cfg(unix)]
            check(&heard_of(config(), when, reset), "a connection could not be set up");
        }
    });
}

#[test]
fn a_bad_proxy_header_is_one_line_that_says_who_has_to_act() {
    watchdog(|| {
        let config = ServerConfig::default().proxy_protocol(true);
        let heard =
            heard_of(config, When::Meanwhile, |mut stream| stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap());
        check(&heard, "a connection could not be set up peer=tcp://127.0.0.1:");
        check(&heard, "found \"GET / HTTP/1.1");
        check(&heard, "the balancer has to send it (HAProxy: send-proxy-v2)");
    });
}
