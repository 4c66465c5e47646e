//! How a connection ends, with and without the end that TLS announces: inside a message each is a
//! cut, and between two calls a peer that hung up.

use std::io::{IoSlice, Read};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::transport::{Parts, memory_pair};
use rpc_core::{Client, Ended, Error, Transport, serve_connection};
use rpc_tests::certificates::{authority, shake_hands};
use rpc_tests::{Original, OriginalClient, OriginalServer, Reference, pattern, watchdog, wire};
use rpc_tls::{TlsAcceptor, TlsConnector};

use super::serving::{config, for_here};

/// How one side ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// As TLS wants it.
    Announced,
    /// As after a crash.
    Unannounced,
}

const ENDS: [End; 2] = [End::Announced, End::Unannounced];

impl End {
    fn end(self, parts: &mut Parts) {
        match self {
            End::Announced => parts.writer.finish(None).unwrap(),
            End::Unannounced => parts.control.as_ref().unwrap().abort(),
        }
    }
}

#[test]
fn between_calls_a_client_has_hung_up() {
    watchdog(|| {
        for end in ENDS {
            let (near, far) = memory_pair();
            let (mut near, far) = shake_hands(near, far).unwrap();
            end.end(&mut near);
            let ended = serve_connection(far, OriginalServer::new(Reference)).unwrap();
            assert_eq!(ended, Ended::HungUp, "{end:?}");
        }
    });
}

#[test]
fn inside_a_message_each_end_is_a_cut() {
    watchdog(|| {
        for end in ENDS {
            let (near, far) = memory_pair();
            let (near, mut far) = shake_hands(near, far).unwrap();
            let serving = thread::spawn(move || {
                let mut request = [0; 1000];
                far.reader.read(&mut request, None).unwrap();
                // a whole frame, which is not the last
                let reply = [wire::ok(4), wire::more(pattern(100))].concat();
                assert_eq!(far.writer.write(&[IoSlice::new(&reply)], None).unwrap(), reply.len());
                end.end(&mut far);
                far
            });
            let client = Client::from_transport(near).unwrap();
            let mut received = Vec::new();
            let mut stream = client.call("anything").with(&()).octets().unwrap();
            let error = Error::from(stream.read_to_end(&mut received).unwrap_err());
            assert!(matches!(error, Error::Transport { .. }) && !error.never_ran(), "{end:?}: {error:?}");
            assert_eq!(received, pattern(100), "{end:?}");
            drop(serving.join().unwrap());
        }
    });
}

/// The call is not lost: the client opens another connection.
#[test]
fn a_server_that_hung_up_between_calls_costs_no_call() {
    watchdog(|| {
        for end in ENDS {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("tls://{}", listener.local_addr().unwrap());
            let acceptor = TlsAcceptor::new(for_here().identity());
            let (first_is_over, over) = mpsc::channel::<()>();
            let serving = thread::spawn(move || {
                let mut first = acceptor.over(listener.accept().unwrap().0).into_parts().unwrap();
                let mut request = vec![0; 1000];
                first.reader.read(&mut request, None).unwrap();
                let reply = wire::ok_json("1");
                assert_eq!(first.writer.write(&[IoSlice::new(&reply)], None).unwrap(), reply.len());
                over.recv().unwrap();
                end.end(&mut first);
                drop(first);
                let second = acceptor.over(listener.accept().unwrap().0);
                serve_connection(second, OriginalServer::new(Reference)).unwrap()
            });
            let client = OriginalClient::connect_with(&*address, config(TlsConnector::new(authority().roots())));
            let client = client.unwrap();
            assert_eq!(client.echo(1.into()).unwrap(), 1);
            first_is_over.send(()).unwrap();
            // a connection that was just in use is not checked
            thread::sleep(Duration::from_millis(50));
            assert_eq!(client.echo(2.into()).unwrap(), 2, "{end:?}");
            drop(client);
            serving.join().unwrap();
        }
    });
}
