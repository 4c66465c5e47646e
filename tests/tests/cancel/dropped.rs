//! Streams that are dropped at various points, over every transport.

use std::io::Read;
use std::time::Duration;

use rpc_core::Client;
use rpc_tests::{TransportKind, watchdog, watchdog_with_limit};

use crate::service::{FRAME, spring};

fn next(client: &Client) {
    assert_eq!(client.call("echo").with("next").json::<String>().unwrap(), "next");
}

#[test]
fn an_endless_stream_can_be_dropped_anywhere() {
    watchdog_with_limit(Duration::from_secs(120), || {
        for transport in TransportKind::ALL {
            let (handler, reports) = spring();
            let (client, connections) = transport.serve(handler);
            for count in [0, 1, 8_192, FRAME - 1, FRAME, FRAME + 1, 3_000_000] {
                let mut stream = client.call("flow").with(&()).octets().unwrap();
                stream.read_exact(&mut vec![0; count]).unwrap();
                assert!(reports.try_recv().is_err(), "the stream is not dropped yet");
                drop(stream);
                // the drop has read the reply's end, which the server sends after it last read the
                // source
                next(&client);
                assert_eq!(reports.recv().unwrap(), "dropped");
                assert_eq!(connections.count(), 1, "{transport:?}, after {count} bytes");
            }
        }
    });
}

#[test]
fn a_stream_after_json_can_be_dropped() {
    watchdog_with_limit(Duration::from_secs(120), || {
        for transport in TransportKind::ALL {
            let (handler, reports) = spring();
            let (client, connections) = transport.serve(handler);
            for count in [0, 1, FRAME] {
                let (label, mut stream) = client.call("label").with(&()).json_and_octets::<String>().unwrap();
                assert_eq!(label, "a label");
                stream.read_exact(&mut vec![0; count]).unwrap();
                drop(stream);
                next(&client);
                assert_eq!(reports.recv().unwrap(), "dropped");
            }
            // the JSON is not a number, so the call fails and the stream is dropped
            let error = client.call("label").with(&()).json_and_octets::<u8>().unwrap_err();
            assert!(error.connection_usable(), "{error:?}");
            next(&client);
            assert_eq!(reports.recv().unwrap(), "dropped");
            assert_eq!(connections.count(), 1, "{transport:?}");
        }
    });
}

#[test]
fn a_finite_stream_can_be_dropped_anywhere() {
    watchdog_with_limit(Duration::from_secs(120), || {
        for transport in TransportKind::ALL {
            let (handler, reports) = spring();
            let (client, connections) = transport.serve(handler);
            for length in [0, 1, 100, 8_192, FRAME, FRAME + 1, 1_000_000] {
                for count in [0, 1, length / 2, length.saturating_sub(1), length] {
                    let mut stream = client.call(&format!("flow {length}")).with(&()).octets().unwrap();
                    stream.read_exact(&mut vec![0; count.min(length)]).unwrap();
                    drop(stream);
                    next(&client);
                    assert_eq!(reports.recv().unwrap(), "dropped");
                }
            }
            assert_eq!(connections.count(), 1, "{transport:?}");
        }
    });
}

#[test]
fn a_session_stays_usable_too() {
    watchdog(|| {
        for transport in TransportKind::ALL {
            let (near, far) = transport.pair().unwrap();
            let (handler, reports) = spring();
            std::thread::spawn(move || rpc_core::serve_connection(far, handler));
            let mut session = rpc_core::Session::from_transport(near).unwrap();
            for count in [0, 1, FRAME] {
                let mut stream = session.call("flow").with(&()).octets().unwrap();
                stream.read_exact(&mut vec![0; count]).unwrap();
                drop(stream);
                assert_eq!(session.call("echo").with("next").json::<String>().unwrap(), "next");
                assert_eq!(reports.recv().unwrap(), "dropped");
            }
            session.close().unwrap();
        }
    });
}
