//! Connections held by streams: a call that could never get one fails at once, any other waits.

use std::io::{self, Read};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::transport::memory_pair;
use rpc_core::{Client, ClientConfig, Error, Misuse, OctetReader, Operation, Result, serve_connection};
use rpc_tests::watchdog;

use crate::service::{Echo, EchoClient, EchoServer, Handler, Noise, serve, sum};

/// More than the buffers on the way hold, so the connection is not free until the stream is read.
const LONG: u64 = 1 << 24;

/// No time limit: a call that does not fail at once hangs, and the watchdog reports it.
fn patient() -> ClientConfig {
    ClientConfig::default().reply_timeout(None)
}

fn single() -> EchoClient {
    let (near, far) = memory_pair();
    thread::spawn(move || serve_connection(far, EchoServer::new(Handler)));
    EchoClient::new(Client::from_transport_with(near, patient()).unwrap())
}

fn assert_busy<T>(outcome: Result<T>) {
    match outcome {
        Err(error @ Error::Misuse(Misuse::Busy)) => assert!(error.never_ran() && error.connection_usable()),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("the call got a connection"),
    }
}

#[test]
fn a_call_besides_a_stream_of_the_same_thread_is_busy() {
    watchdog(|| {
        let client = single();
        let mut stream = client.bytes(1, LONG).unwrap();
        assert_busy(client.echo(1));
        stream.read_exact(&mut [0; 1000]).unwrap();
        assert_busy(client.bytes(1, 1));
        assert_busy(client.sum(&b""[..]));
        // that has no effect on the stream
        let mut rest = Noise(1).take(LONG);
        rest.read_exact(&mut [0; 1000]).unwrap();
        assert_eq!(sum(&mut stream).unwrap(), sum(rest).unwrap());
        assert_eq!(client.echo(2).unwrap(), 2, "the end of the stream freed the connection");
    });
}

/// A source that makes a call on the connection that it is sent over.
struct Calling(EchoClient);

impl Read for Calling {
    fn read(&mut self, _buf: &mut [u8]) -> io::Result<usize> {
        self.0.echo(1)?;
        Ok(0)
    }
}

#[test]
fn a_call_from_the_source_of_another_is_busy() {
    watchdog(|| {
        let client = single();
        match client.sum(Calling(client.clone())) {
            Err(Error::Source { error, .. }) => assert_busy::<()>(Err(error.downcast().unwrap())),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_stream_cannot_be_sent_over_its_own_connection() {
    watchdog(|| {
        let client = single();
        assert_busy(client.sum(client.bytes(1, LONG).unwrap()));
    });
}

#[test]
fn all_connections_of_a_pool_held_by_one_thread_are_busy() {
    watchdog(|| {
        let running = serve();
        let client = EchoClient::new(Client::connect_with(running.address(), patient().max_connections(3)).unwrap());
        let mut streams: Vec<_> = (0..3).map(|seed| client.bytes(seed, LONG).unwrap()).collect();
        assert_busy(client.echo(1));
        streams.pop();
        assert_eq!(client.echo(2).unwrap(), 2);
        streams.push(client.bytes(3, LONG).unwrap());
        assert_busy(client.echo(3));
    });
}

#[test]
fn a_call_of_another_thread_waits_for_the_stream_to_be_read() {
    watchdog(|| {
        let client = single();
        let mut stream = client.bytes(1, LONG).unwrap();
        assert_eq!(call_concurrently(&client, || _ = sum(&mut stream).unwrap()).unwrap(), 5);
    });
}

#[test]
fn a_call_of_another_thread_waits_for_the_stream_to_be_dropped() {
    watchdog(|| {
        let running = serve();
        let client = EchoClient::new(Client::connect_with(running.address(), patient().max_connections(1)).unwrap());
        let stream = client.bytes(1, LONG).unwrap();
        assert_eq!(call_concurrently(&client, || drop(stream)).unwrap(), 5);
    });
}

/// Calls from another thread, and runs a closure here when it does.
fn call_concurrently(client: &EchoClient, happening: impl FnOnce()) -> Result<u64> {
    let (calls, calling) = mpsc::channel();
    thread::scope(|scope| {
        let call = scope.spawn(move || {
            calls.send(()).unwrap();
            client.echo(5)
        });
        calling.recv().unwrap();
        happening();
        call.join().unwrap()
    })
}

/// Returns a client of one connection whose limit is long enough for a busy machine to answer a
/// call.
fn impatient() -> EchoClient {
    let (near, far) = memory_pair();
    thread::spawn(move || serve_connection(far, EchoServer::new(Handler)));
    let config = ClientConfig::default().reply_timeout(Some(Duration::from_secs(2)));
    EchoClient::new(Client::from_transport_with(near, config).unwrap())
}

fn assert_waited<T>(outcome: Result<T>) {
    match outcome {
        Err(error @ Error::Deadline { operation: Operation::WaitingForConnection, .. }) => {
            assert!(error.never_ran() && error.connection_usable());
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("the call got a connection"),
    }
}

#[test]
fn waiting_for_a_stream_ends_with_the_reply_limit() {
    watchdog(|| {
        let client = impatient();
        let mut stream = client.bytes(1, LONG).unwrap();
        assert_waited(call_concurrently(&client, || {}));
        assert_eq!(sum(&mut stream).unwrap(), sum(Noise(1).take(LONG)).unwrap(), "the stream is unaffected");
    });
}

/// A stream belongs to the thread that last used it: after it moves to another thread, a call of
/// the first thread is not busy.
#[test]
fn a_stream_belongs_to_the_thread_that_last_used_it() {
    watchdog(|| {
        let client = impatient();
        let mut stream = client.bytes(1, LONG).unwrap();
        assert_busy(client.echo(6));
        let (touched, is_touched) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            stream.read_exact(&mut [0]).unwrap();
            touched.send(()).unwrap();
            may_go_on.recv().unwrap();
            sum(stream).unwrap();
        });
        is_touched.recv().unwrap();
        assert_waited(client.echo(6));
        go_on.send(()).unwrap();
        other.join().unwrap();
        assert_eq!(client.echo(6).unwrap(), 6);
    });
}

/// Two threads hold a stream each, and each asks for another: one fails, and the other gets it.
#[test]
fn two_threads_that_would_wait_for_each_other() {
    watchdog(|| {
        let running = serve();
        let client = EchoClient::new(Client::connect_with(running.address(), patient().max_connections(2)).unwrap());
        for _ in 0..20 {
            let both_hold = std::sync::Barrier::new(2);
            let hold_and_ask = || {
                let held: OctetReader<'static> = client.bytes(1, LONG).unwrap();
                both_hold.wait();
                match client.echo(3) {
                    // the one that fails drops its stream, as the error advises
                    Err(Error::Misuse(Misuse::Busy)) => {
                        drop(held);
                        assert_eq!(client.echo(4).unwrap(), 4);
                        true
                    }
                    outcome => {
                        assert_eq!(outcome.unwrap(), 3);
                        false
                    }
                }
            };
            let busy = thread::scope(|scope| {
                let (one, other) = (scope.spawn(hold_and_ask), scope.spawn(hold_and_ask));
                [one.join().unwrap(), other.join().unwrap()]
            });
            assert!(busy[0] != busy[1], "exactly one fails: {busy:?}");
        }
    });
}
