//! Calls that wait for a connection.

use std::io;
#[cfg(unix)]
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::sync::{Mutex, mpsc};
use std::thread;
#[cfg(unix)]
use std::time::Duration;

use rpc_core::transport::{MemoryStream, memory_pair};
#[cfg(unix)]
use rpc_core::{CallOptions, CancelToken};
use rpc_core::{Client, ClientConfig, Error, Operation, ServerConfig};
use rpc_tests::{TransportKind, watchdog};

#[cfg(unix)]
use crate::service::DeskClient;
use crate::service::{Clerk, Desk, DeskServer, cancelled, next, with_token};

fn was_connecting(error: Error) {
    assert!(matches!(error, Error::Cancelled { operation: Operation::Connecting, .. }), "{error:?}");
    assert_eq!(cancelled(&error), (true, false));
}

#[test]
fn a_call_that_waits_for_a_free_connection() {
    watchdog(|| {
        let config = ClientConfig::default().max_connections(1);
        let (clerk, reports) = Clerk::new();
        let server = DeskServer::new(clerk);
        let (client, connections) =
            TransportKind::Memory.serve_with(server, config, ServerConfig::default(), |near| near);
        let (first, first_token) = with_token(&client);
        let (desk, token) = with_token(&client);
        thread::scope(|scope| {
            let holder = scope.spawn(|| first.wait());
            assert_eq!(reports.recv().unwrap(), "waits");
            // many, so that some wait already when they are cancelled
            let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| desk.echo("never"))).collect();
            token.cancel();
            for caller in callers {
                assert_eq!(cancelled(&caller.join().unwrap().unwrap_err()), (true, true));
            }
            first_token.cancel();
            assert!(holder.join().unwrap().unwrap_err().is_cancelled());
        });
        assert_eq!(reports.recv().unwrap(), "alone");
        next(&client);
        assert_eq!(reports.iter().next(), Some("echoed"));
        assert_eq!(connections.count(), 2);
    });
}

/// A server that restarts is tried again after growing pauses.
#[test]
fn a_call_that_waits_for_its_server_to_come_back() {
    watchdog(|| {
        let (refused, refusals) = mpsc::channel();
        let connect = move |_left| -> io::Result<MemoryStream> {
            refused.send(()).unwrap();
            Err(io::ErrorKind::ConnectionRefused.into())
        };
        let config = ClientConfig::default().reconnect_attempts(u32::MAX);
        let (desk, token) = with_token(&Client::with_connector("nowhere", connect, config));
        thread::scope(|scope| {
            let call = scope.spawn(|| desk.echo("never"));
            // from the eighth on, a pause is a second long
            (0..8).for_each(|_| refusals.recv().unwrap());
            token.cancel();
            was_connecting(call.join().unwrap().unwrap_err());
        });
    });
}

/// It ends when its own connector returns.
#[test]
fn a_call_whose_connector_blocks() {
    watchdog(|| {
        let (begun, beginning) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let gone = Mutex::new(gone);
        let connect = move |_left| -> io::Result<MemoryStream> {
            begun.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
            Ok(memory_pair().0)
        };
        let (desk, token) = with_token(&Client::with_connector("slow", connect, ClientConfig::default()));
        thread::scope(|scope| {
            let call = scope.spawn(|| desk.echo("never"));
            beginning.recv().unwrap();
            token.cancel();
            go.send(()).unwrap();
            was_connecting(call.join().unwrap().unwrap_err());
        });
    });
}

/// Calls a server that accepts no more connections, and cancels the calls.
#[cfg(unix)]
fn call_a_full_server(address: &str, fill: impl FnOnce()) {
    let client = Client::connect_with(address, ClientConfig::default().connect_timeout(None)).unwrap();
    fill();
    let (begun, beginnings) = mpsc::channel();
    let token = CancelToken::new();
    let hook = move |_: &_| {
        begun.send(()).unwrap();
        None
    };
    let desk = DeskClient::new(client.with_options(CallOptions::default().cancel(&token).trace_context(hook)));
    thread::scope(|scope| {
        // one of them uses the connection that there is
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| desk.wait())).collect();
        (0..8).for_each(|_| beginnings.recv().unwrap());
        (0..1_000).for_each(|_| thread::yield_now());
        token.cancel();
        let never_ran = |call: &Result<(), Error>| cancelled(call.as_ref().unwrap_err()).0;
        let outcomes: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
        assert!(outcomes.iter().filter(|call| never_ran(call)).count() >= 7, "{outcomes:?}");
    });
}

#[cfg(unix)]
#[test]
fn a_call_that_connects_to_a_full_listen_queue_over_tcp() {
    watchdog(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let place = listener.local_addr().unwrap();
        let mut filling = Vec::new();
        call_a_full_server(&format!("tcp://{place}"), || {
            while let Ok(stream) = TcpStream::connect_timeout(&place, Duration::from_millis(200)) {
                filling.push(stream);
            }
        });
    });
}

#[cfg(unix)]
#[test]
fn a_call_that_connects_to_a_full_listen_queue_over_a_unix_socket() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.sock");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        call_a_full_server(&format!("unix://{}", path.display()), || {});
    });
}
