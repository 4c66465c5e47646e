//! Streams of replies: the token cancels them as dropping them does, and the connection goes on.
//! Where the transport cannot wait for a token, as the one with records and Windows' sockets, the
//! connection ends.

use std::io::{self, Cursor, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, Client, ClientConfig, Error, Operation, ServerConfig, Session};
use rpc_tests::{Connections, TransportKind, watchdog};

use crate::service::{Clerk, Desk, DeskServer, cancelled, next, with_token};

fn polite(transport: TransportKind) -> bool {
    match transport {
        TransportKind::Memory => true,
        TransportKind::Records => false,
        _ => cfg!(unix),
    }
}

/// Returns a client that waits for the server's answer to a cancel, however busy the machine is.
fn serve(transport: TransportKind) -> (Client, Connections) {
    let patient = ClientConfig::default().close_timeout(Some(Duration::from_secs(1000)));
    transport.serve_with(DeskServer::new(Clerk::new().0), patient, ServerConfig::default(), |near| near)
}

/// Checks the error of a cancelled stream, and that the connection goes on, or another is opened.
fn ended(error: io::Error, transport: TransportKind, client: &Client, connections: &Connections) {
    let error = error.downcast::<Error>().expect("a stream fails with this library's error");
    assert!(matches!(error, Error::Cancelled { operation: Operation::ReadingStream, .. }), "{error:?}");
    assert_eq!(cancelled(&error), (false, polite(transport)), "{transport:?}");
    next(client);
    assert_eq!(connections.count(), if polite(transport) { 1 } else { 2 }, "{transport:?}");
}

#[test]
fn between_two_reads() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            for count in [0, 1, 100_000, 3_000_000] {
                let (client, connections) = serve(transport);
                let (desk, token) = with_token(&client);
                let mut stream = desk.flow().unwrap();
                stream.read_exact(&mut vec![0; count]).unwrap();
                token.cancel();
                let error = stream.read(&mut [0; 10]).unwrap_err();
                assert_eq!(stream.read(&mut [0; 10]).unwrap_err().to_string(), error.to_string(), "it stays failed");
                ended(error, transport, &client, &connections);
            }
        }
    });
}

#[test]
fn in_a_copy_to_a_file() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let (client, connections) = serve(transport);
            let (desk, token) = with_token(&client);
            let stream = desk.flow().unwrap();
            thread::scope(|scope| {
                let copy = scope.spawn(|| stream.copy_to(&mut tempfile::tempfile().unwrap()));
                token.cancel();
                ended(copy.join().unwrap().unwrap_err(), transport, &client, &connections);
            });
        }
    });
}

/// A stream that a token could cancel arrives as any other, in the file as in memory.
#[test]
fn that_nobody_cancels() {
    watchdog(|| {
        let content: Vec<u8> = (0..5_000_000_u32).map(|at| at.to_le_bytes()[at as usize % 3]).collect();
        for &transport in TransportKind::ALL {
            let (client, connections) = serve(transport);
            let (desk, _token) = with_token(&client);
            let mut file = tempfile::tempfile().unwrap();
            desk.back(&content[..]).unwrap().copy_to(&mut file).unwrap();
            io::Seek::rewind(&mut file).unwrap();
            let mut back = Vec::new();
            file.read_to_end(&mut back).unwrap();
            assert!(back == content, "{transport:?}");
            assert_eq!(desk.count(Cursor::new(content.clone())).unwrap(), 5_000_000);
            assert_eq!(connections.count(), 1);
        }
    });
}

/// Reads ten bytes of a stream, and cancels it while it waits for more. The server does not answer
/// the cancel, because its handler's source blocks.
fn in_a_read_that_waits<R: Read>(transport: TransportKind, open: impl Fn(&Client) -> R + Sync) {
    let (clerk, reports) = Clerk::new();
    let (client, connections) = transport.serve(DeskServer::new(clerk.clone()));
    let token = CancelToken::new();
    let cancellable = client.with_options(CallOptions::default().cancel(&token));
    let (begun, beginning) = mpsc::channel();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut stream = open(&cancellable);
            stream.read_exact(&mut [0; 10]).unwrap();
            begun.send(()).unwrap();
            stream.read(&mut [0; 10]).unwrap_err()
        });
        beginning.recv().unwrap();
        assert_eq!(reports.recv().unwrap(), "at the door");
        token.cancel();
        let error = Error::from(reader.join().unwrap());
        assert_eq!(cancelled(&error), (false, false), "{transport:?}");
    });
    next(&client);
    assert_eq!(connections.count(), 2, "{transport:?}");
    clerk.open_door();
}

#[test]
fn in_a_read_that_waits_for_the_handler() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            in_a_read_that_waits(transport, |client| client.call("trickle").octets().unwrap());
            in_a_read_that_waits(transport, |client| client.call("hold").with_octets(&b"short"[..]).octets().unwrap());
            in_a_read_that_waits(transport, |client| client.call("hold").with_octets(io::repeat(1)).octets().unwrap());
        }
    });
}

/// The bytes go round and round until the token ends that.
#[test]
fn with_octets_both_ways() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let (client, connections) = serve(transport);
            let (desk, token) = with_token(&client);
            let mut stream = desk.back(io::repeat(3)).unwrap();
            stream.read_exact(&mut vec![0; 1_000_000]).unwrap();
            token.cancel();
            let error = stream.read(&mut [0; 10]).unwrap_err();
            let error = error.downcast::<Error>().unwrap();
            assert!(error.is_cancelled() && !error.never_ran(), "{error:?}");
            next(&client);
            assert_eq!(connections.count(), if error.connection_usable() { 1 } else { 2 }, "{transport:?}");
            assert_eq!(error.connection_usable(), polite(transport), "{transport:?}");
        }
    });
}

#[test]
fn of_a_session_which_goes_on() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let (near, far) = transport.pair().unwrap();
            thread::spawn(move || rpc_core::serve_connection(far, DeskServer::new(Clerk::new().0)));
            let patient = ClientConfig::default().close_timeout(Some(Duration::from_secs(1000)));
            let mut session = Session::from_transport_with(near, patient).unwrap();
            let token = CancelToken::new();
            let mut stream = session.call("flow").options(CallOptions::default().cancel(&token)).octets().unwrap();
            stream.read_exact(&mut [0; 1000]).unwrap();
            token.cancel();
            assert!(Error::from(stream.read(&mut [0; 10]).unwrap_err()).is_cancelled());
            drop(stream);
            let echoed = session.call("echo").with("next").json::<String>();
            assert_eq!(echoed.is_ok(), polite(transport), "{echoed:?}");
        }
    });
}
