//! Servers that do not read, and calls whose time ends while they send.

use std::io::{self, IoSlice};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Parts, WriteHalf};
use rpc_core::{CallOptions, Client, Error, Operation, Result, Transport};
use rpc_tests::{OriginalServer, Reference, TransportKind, watchdog};
use serde_json::Value;

use crate::far_end::{Far, SOON, against, met, patient, soon};

/// More than any transport's buffers hold.
const LARGE: usize = 15_000_000;

fn endless(client: &Client) -> Result<Value> {
    client.call("x").with_octets(io::repeat(7)).json()
}

#[test]
fn json_to_a_server_that_never_reads() {
    watchdog(|| {
        let large = "y".repeat(LARGE);
        for &transport in TransportKind::ALL {
            let call = |client: &Client| client.call("x").with(&large).json::<Value>().unwrap_err();
            let of_client = against(transport, patient().reply_timeout(Some(SOON)), |far| far.sleep(), call);
            assert!(met(of_client, Operation::Sending), "its body was not written to the end");
            let of_call = against(transport, patient(), |far| far.sleep(), |client| call(&client.with_options(soon())));
            assert!(met(of_call, Operation::Sending));
        }
    });
}

#[test]
fn a_stream_to_a_server_that_never_reads() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let stall = patient().stall_timeout(Some(SOON));
            let error = against(transport, stall, |far| far.sleep(), |client| endless(client).unwrap_err());
            assert!(!met(error, Operation::Sending), "a handler may have read what was sent");
            let explicit = |client: &Client| endless(&client.with_options(soon())).unwrap_err();
            assert!(!met(against(transport, patient(), |far| far.sleep(), explicit), Operation::Sending));
        }
    });
}

/// The limit for a reply passes while the stream is sent, where it does not apply: the error names
/// the stall limit.
#[test]
fn a_stream_that_stalls_after_the_replys_limit_names_the_stall_limit() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let config = patient().stall_timeout(Some(SOON)).reply_timeout(Some(Duration::from_millis(20)));
            let error = against(transport, config, |far| far.sleep(), |client| endless(client).unwrap_err());
            assert!(!met(error, Operation::Sending));
        }
    });
}

/// The server reads everything, so there is always progress; the call's own limit still ends it.
#[test]
fn an_explicit_limit_covers_the_sending_of_a_stream() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let call = |client: &Client| endless(&client.with_options(soon())).unwrap_err();
            assert!(!met(against(transport, patient(), Far::read_all, call), Operation::Sending));
        }
    });
}

/// The same if the transport has no time limits.
#[test]
fn an_explicit_limit_covers_the_sending_of_a_stream_over_any_transport() {
    watchdog(|| {
        for &transport in TransportKind::ALL {
            let (near, far) = transport.pair().unwrap();
            thread::scope(|scope| {
                scope.spawn(move || {
                    let mut reader = far.reader;
                    let mut piece = vec![0; 64 * 1024];
                    while reader.read(&mut piece, None).is_ok_and(|count| count > 0) {}
                });
                let client = Client::from_transport_with(Timeless(near), patient()).unwrap();
                assert!(!met(endless(&client.with_options(soon())).unwrap_err(), Operation::Sending));
            });
        }
    });
}

struct Timeless(Parts);

struct TimelessWriter(Box<dyn WriteHalf>);

impl Transport for Timeless {
    fn into_parts(self) -> io::Result<Parts> {
        Ok(Parts { writer: Box::new(TimelessWriter(self.0.writer)), ..self.0 })
    }
}

impl WriteHalf for TimelessWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], _until: Option<Instant>) -> io::Result<usize> {
        self.0.write(bufs, None)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

#[test]
fn a_call_whose_time_is_over_is_not_sent() {
    watchdog(|| {
        let over = CallOptions::default().timeout(Some(Duration::ZERO));
        for transport in TransportKind::ALL {
            let (client, connections) = transport.serve(OriginalServer::new(Reference));
            let check = |error: Error| match error {
                Error::Deadline { limit: Duration::ZERO, fate, .. } => {
                    assert!(fate.never_ran, "{transport:?}");
                    fate.connection_usable
                }
                other => panic!("{transport:?}: {other:?}"),
            };
            let late = client.with_options(over.clone());
            check(late.call("Echo").with(&1).json::<u8>().unwrap_err());
            assert_eq!(connections.count(), 0, "{transport:?}: no connection is opened");

            assert_eq!(client.call("Echo").with(&2).json::<u8>().unwrap(), 2);
            assert!(check(late.call("Echo").with(&3).json::<u8>().unwrap_err()), "{transport:?}");
            assert!(check(late.call("Receive").with_octets(&b"abc"[..]).json::<u8>().unwrap_err()), "{transport:?}");
            assert!(check(late.call("SendPattern").with(&3).octets().map(drop).unwrap_err()), "{transport:?}");
            assert_eq!(client.call("Echo").with(&4).json::<u8>().unwrap(), 4);
            assert_eq!(connections.count(), 1, "{transport:?}: the connection is unchanged");
        }
    });
}
