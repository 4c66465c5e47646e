//! The system gives up a connection whose peer acknowledges nothing, with an error of the same kind
//! as a time limit that passes. It is no limit of ours: the transport has failed. It was shown as
//! "took longer than 0ns".

use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use rpc_core::transport::{MemoryStream, Parts, ReadHalf, WriteHalf, memory_pair};
use rpc_core::{Client, ClientConfig, Ended, Error, Operation, Transport, serve_connection};
use rpc_tests::{OriginalServer, Reference, watchdog};
use rustix::io::Errno;

/// A half whose operations fail as those of a socket that the system has given up.
struct GivenUp;

impl ReadHalf for GivenUp {
    fn read(&mut self, _buf: &mut [u8], _until: Option<Instant>) -> io::Result<usize> {
        Err(Errno::TIMEDOUT.into())
    }
}

impl WriteHalf for GivenUp {
    fn write(&mut self, _bufs: &[IoSlice<'_>], _until: Option<Instant>) -> io::Result<usize> {
        Err(Errno::TIMEDOUT.into())
    }

    fn finish(&mut self, _until: Option<Instant>) -> io::Result<()> {
        Ok(())
    }
}

/// Returns one end of a connection with a peer that reads nothing.
fn parts() -> (Parts, MemoryStream) {
    let (near, far) = memory_pair();
    (near.into_parts().unwrap(), far)
}

/// With limits and without.
fn configs() -> [ClientConfig; 2] {
    let limited = ClientConfig::default();
    [limited.clone(), limited.reply_timeout(None).stall_timeout(None).connect_timeout(None)]
}

fn assert_failed(error: &Error, expected: Operation) {
    match error {
        Error::Transport { operation, error, .. } => {
            assert_eq!((*operation, error.kind()), (expected, io::ErrorKind::TimedOut));
        }
        other => panic!("{other:?}"),
    }
    assert!(!error.to_string().contains("took longer"), "{error}");
}

#[test]
fn a_client_that_waits_for_a_reply() {
    watchdog(|| {
        for config in configs() {
            for shared in [0, 1] {
                let (parts, _far) = parts();
                let transport = Parts { reader: Box::new(GivenUp), ..parts };
                let config = config.clone().shared_connections(shared);
                let client = Client::from_transport_with(transport, config).unwrap();
                let error = client.call("x").with(&()).json::<u8>().unwrap_err();
                assert_failed(&error, Operation::WaitingForReply);
                assert!(!error.never_ran() && !error.connection_usable(), "{error:?}");
            }
        }
    });
}

#[test]
fn a_client_that_sends() {
    watchdog(|| {
        for config in configs() {
            let (parts, _far) = parts();
            let transport = Parts { writer: Box::new(GivenUp), reader: Box::new(GivenUp), ..parts };
            let client = Client::from_transport_with(transport, config).unwrap();
            let error = client.call("x").with(&()).json::<u8>().unwrap_err();
            assert_failed(&error, Operation::Sending);
            assert!(error.never_ran(), "{error:?}");
        }
    });
}

#[test]
fn a_client_that_connects() {
    watchdog(|| {
        for config in configs() {
            let given_up = |_left: Option<Duration>| -> io::Result<MemoryStream> { Err(Errno::TIMEDOUT.into()) };
            let client = Client::with_connector("far away", given_up, config);
            let error = client.call("x").with(&()).json::<u8>().unwrap_err();
            assert_failed(&error, Operation::Connecting);
            assert!(error.to_string().starts_with("connecting: far away: "), "{error}");
            assert!(error.never_ran(), "{error:?}");
        }
    });
}

/// A connector may have a limit of its own, of which the client knows nothing.
#[test]
fn a_limit_that_nobody_set_is_not_named() {
    watchdog(|| {
        let [_, unlimited] = configs();
        let late = |_left: Option<Duration>| -> io::Result<MemoryStream> { Err(io::ErrorKind::TimedOut.into()) };
        let client = Client::with_connector("far away", late, unlimited);
        assert_eq!(client.call("x").with(&()).json::<u8>().unwrap_err().to_string(), "connecting: far away: timed out");
    });
}

/// An idle client that vanished did not exceed the server's idle limit.
#[test]
fn a_server_that_waits_for_a_request() {
    watchdog(|| {
        let (parts, _far) = parts();
        let transport = Parts { reader: Box::new(GivenUp), ..parts };
        assert_eq!(serve_connection(transport, OriginalServer::new(Reference)).unwrap(), Ended::HungUp);
    });
}
