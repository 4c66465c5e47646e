//! Transports that fail under a shared connection: no caller waits forever, and the next calls get
//! another connection.

use std::io::{self, IoSlice, Read};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Control, MemoryStream, Parts, ReadHalf, WriteHalf, memory_pair, memory_pair_with_capacity};
use rpc_core::{CallOptions, Client, Error, Transport};
use rpc_tests::{Fault, Faulty, Plan, Records, watchdog};

use crate::gate::{Gate, GateClient, GateServer, Keeper, call, sharing};

/// The limit for a call, and for a failed write to wait for the reply that explains it.
const LIMIT: Duration = Duration::from_millis(500);

/// A client whose transports this function creates.
fn client<T: Transport>(wrap: impl Fn(MemoryStream) -> T + Send + Sync + 'static) -> Client {
    client_of(move || {
        let (near, far) = memory_pair();
        Ok((wrap(near), far))
    })
}

/// A client whose connections, both ends of each, this function creates.
fn client_of<T: Transport, F: Transport>(pair: impl Fn() -> io::Result<(T, F)> + Send + Sync + 'static) -> Client {
    let (keeper, _arrived) = Keeper::new();
    let connect = move |_left| {
        let (near, far) = pair()?;
        let keeper = keeper.clone();
        thread::spawn(move || rpc_core::serve_connection(far, GateServer::new(keeper)));
        Ok(near)
    };
    Client::with_connector("a test", connect, sharing(1).reply_timeout(Some(LIMIT)))
}

/// Makes calls over connections of which the first follows a plan with each fault at each
/// operation.
fn calls_over_a_transport_that_misbehaves<N: Transport, F: Transport>(
    wrap: fn(Faulty<MemoryStream>, MemoryStream) -> (N, F),
) {
    let mut points = 0;
    for fault in Fault::ALL {
        for operation in 0.. {
            let plan = Plan::at(operation, fault);
            let (faulty, used) = (plan.clone(), Arc::new(AtomicBool::new(false)));
            let client = client_of(move || {
                // only the first connection is bad
                let plan = if used.swap(true, Ordering::SeqCst) { Plan::none() } else { faulty.clone() };
                let (near, far) = memory_pair();
                Ok(wrap(Faulty(near, plan), far))
            });
            thread::scope(|scope| {
                for caller in 0..3 {
                    call(scope, &client, move |gate| {
                        for turn in 0..4 {
                            let text = format!("{caller} {turn}");
                            match gate.echo(&text) {
                                Ok(found) => assert_eq!(found, text),
                                Err(Error::Transport { .. } | Error::Deadline { .. }) => {}
                                Err(other) => panic!("{fault:?} at {operation}: {other:?}"),
                            }
                        }
                    });
                }
            });
            assert_eq!(GateClient::new(client).echo("after").unwrap_or_else(|_| "after".to_owned()), "after");
            points += 1;
            if !plan.has_struck() {
                break;
            }
        }
    }
    println!("{points} points");
}

#[test]
fn a_transport_that_misbehaves_at_any_operation_fails_no_unaffected_call() {
    watchdog(|| calls_over_a_transport_that_misbehaves(|near, far| (near, far)));
}

#[test]
fn nor_does_one_that_misbehaves_below_records() {
    watchdog(|| calls_over_a_transport_that_misbehaves(|near, far| (Records(near), Records(far))));
}

/// Counts how often its transport is waited for.
struct Waited(Arc<dyn Control>, Arc<AtomicUsize>);

impl Control for Waited {
    fn abort(&self) {
        self.0.abort();
    }

    fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.wait(until)
    }

    fn can_wait(&self) -> bool {
        self.0.can_wait()
    }
}

/// The thread waited only for a reply, up to a millisecond for each part of the request.
#[test]
fn the_rest_of_a_request_leaves_as_soon_as_the_transport_takes_it() {
    watchdog(|| {
        let waits = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&waits);
        let client = client_of(move || {
            let (near, far) = memory_pair();
            let mut near = Records(near).into_parts()?;
            let counted = Arc::clone(&counted);
            near.control = near.control.map(|control| -> Arc<dyn Control> { Arc::new(Waited(control, counted)) });
            Ok((near, Records(far)))
        });
        let gate = GateClient::new(client);
        // it is not known yet whether the transport can write without blocking, so all leaves at
        // once
        assert_eq!(gate.echo("first").unwrap(), "first");
        assert_eq!(waits.load(Ordering::SeqCst), 0);
        assert_eq!(gate.echo("second").unwrap(), "second");
        assert!(waits.load(Ordering::SeqCst) > 0);
    });
}

/// Panics at its first read.
struct Panicking(MemoryStream, Arc<AtomicBool>);

struct PanickingReader(Box<dyn ReadHalf>, Arc<AtomicBool>);

impl Transport for Panicking {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { reader: Box::new(PanickingReader(parts.reader, self.1)), ..parts })
    }
}

impl ReadHalf for PanickingReader {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        assert!(self.1.load(Ordering::SeqCst), "as configured");
        self.0.read(buf, until)
    }
}

#[test]
fn a_transport_that_panics_fails_its_calls_without_panicking_callers() {
    watchdog(|| {
        let calm = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&calm);
        let client = client(move |near| Panicking(near, Arc::clone(&flag)));
        thread::scope(|scope| {
            let callers: Vec<_> = (0..4).map(|_| call(scope, &client, |gate| gate.echo("x"))).collect();
            let outcomes: Vec<_> = callers.into_iter().map(|caller| caller.join().unwrap()).collect();
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Error::Transport { .. }))), "{outcomes:?}");
        });
        calm.store(true, Ordering::SeqCst);
        assert_eq!(GateClient::new(client).echo("after").unwrap(), "after");
    });
}

/// Sends what it is given, and panics after the second message of all connections.
struct PanickingWriter(Box<dyn WriteHalf>, Arc<AtomicUsize>);

impl WriteHalf for PanickingWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.0.write(bufs, until)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let taken = self.0.try_write(bufs)?;
        assert!(self.1.fetch_add(1, Ordering::SeqCst) != 1, "as configured");
        Ok(taken)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

/// Its requests counted as not sent, so they were sent again, and ran up to three times.
#[test]
fn a_request_whose_sending_panics_may_have_run() {
    watchdog(|| {
        let (keeper, arrived) = Keeper::new();
        keeper.open();
        let messages = Arc::<AtomicUsize>::default();
        let connect = move |_left| {
            let (near, far) = memory_pair();
            let keeper = keeper.clone();
            thread::spawn(move || rpc_core::serve_connection(far, GateServer::new(keeper)));
            let near = near.into_parts()?;
            Ok(Parts { writer: Box::new(PanickingWriter(near.writer, Arc::clone(&messages))), ..near })
        };
        let gate = GateClient::new(Client::with_connector("a test", connect, sharing(1)));
        assert_eq!(gate.wait(1).unwrap(), 1);
        let error = gate.wait(2).unwrap_err();
        assert!(matches!(error, Error::Transport { .. }) && !error.never_ran(), "{error:?}");
        assert_eq!(gate.wait(3).unwrap(), 3);
        assert_eq!(arrived.iter().take(3).collect::<Vec<_>>(), [1, 2, 3]);
    });
}

/// The connector's panic left the shared connections without a thread that makes calls, and a
/// limited pool without the slot being filled: each later call hit its limit.
#[test]
fn a_connector_that_panics_fails_only_the_calls_that_need_it() {
    watchdog(|| {
        for shared in [0, 1] {
            let calm = Arc::new(AtomicBool::new(false));
            let flag = Arc::clone(&calm);
            let connect = move |_left| {
                assert!(flag.load(Ordering::SeqCst), "as configured");
                let (near, far) = memory_pair();
                thread::spawn(move || rpc_core::serve_connection(far, GateServer::new(Keeper::new().0)));
                Ok(near)
            };
            let config = sharing(shared).max_connections(1).reply_timeout(Some(LIMIT));
            let gate = GateClient::new(Client::with_connector("a test", connect, config));
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gate.echo("x")));
            match outcome {
                // the panic is in the thread that connects: that of the shared connection, or the
                // caller's
                Ok(outcome) => assert!(shared == 1 && outcome.unwrap_err().never_ran()),
                Err(_panic) => assert_eq!(shared, 0),
            }
            calm.store(true, Ordering::SeqCst);
            assert_eq!(gate.echo("after").unwrap(), "after", "{shared} shared");
        }
    });
}

/// A transport with blocking writes only: it cannot try one, nor wait for both directions.
struct Plain(MemoryStream);

struct PlainWriter(Box<dyn WriteHalf>);

impl Transport for Plain {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { writer: Box::new(PlainWriter(parts.writer)), control: None, ..parts })
    }
}

impl WriteHalf for PlainWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.0.write(bufs, until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

#[test]
fn a_transport_that_can_only_read_and_write_works_too() {
    watchdog(|| {
        let client = client(Plain);
        thread::scope(|scope| {
            for caller in 0..16 {
                call(scope, &client, move |gate| {
                    for turn in 0..50 {
                        let text = format!("{caller} {turn} {}", "x".repeat(1500));
                        assert_eq!(gate.echo(&text).unwrap(), text);
                    }
                });
            }
        });
    });
}

#[test]
fn a_failure_to_connect_reaches_all_callers_at_once() {
    watchdog(|| {
        let config = sharing(1).reconnect_attempts(3);
        let client = Client::with_connector(
            "a test",
            |_left| -> io::Result<MemoryStream> { Err(io::ErrorKind::ConnectionRefused.into()) },
            config,
        );
        thread::scope(|scope| {
            for _ in 0..200 {
                call(scope, &client, |gate| {
                    let error = gate.echo("x").unwrap_err();
                    let refused = matches!(&error, Error::Transport { error, .. }
                        if error.kind() == io::ErrorKind::ConnectionRefused);
                    assert!(refused && error.never_ran(), "{error:?}");
                });
            }
        });
    });
}

/// Returns a client of one connection with small buffers and blocking writes, and its far end.
fn narrow() -> (Client, MemoryStream) {
    let (near, far) = memory_pair_with_capacity(100);
    (Client::from_transport_with(Plain(near), sharing(1)).unwrap(), far)
}

/// The same client with a limit for each call.
fn within(client: &Client, limit: Duration) -> Client {
    client.with_options(CallOptions::default().timeout(Some(limit)))
}

/// A caller with a limit of 50 ms waited for another's write, and got its own error only after that
/// had failed, after 6 s.
#[test]
fn a_call_queued_after_a_blocked_write_ends_at_its_own_limit() {
    watchdog(|| {
        let (client, mut far) = narrow();
        thread::scope(|scope| {
            let blocks = call(scope, &within(&client, Duration::from_secs(60)), |gate| gate.echo(&"x".repeat(1000)));
            // it writes, and nothing reads the rest
            far.read_exact(&mut [0]).unwrap();
            let limit = Duration::from_millis(50);
            let error = GateClient::new(within(&client, limit)).echo("x").unwrap_err();
            assert!(matches!(error, Error::Deadline { limit: found, .. } if found == limit), "{error:?}");
            assert!(error.never_ran() && !blocks.is_finished(), "{error:?}");
            drop(far);
            assert!(matches!(blocks.join().unwrap().unwrap_err(), Error::Transport { .. }));
        });
    });
}

/// Its error said that sending had taken longer than 0 ns.
#[test]
fn the_error_of_a_blocked_write_names_its_callers_limit() {
    watchdog(|| {
        let (client, _far) = narrow();
        let error = GateClient::new(within(&client, LIMIT)).echo(&"x".repeat(1000)).unwrap_err();
        assert!(matches!(error, Error::Deadline { limit: LIMIT, .. }) && !error.connection_usable(), "{error:?}");
    });
}

/// Only the limit of the caller whose request blocks has passed: what was not sent is sent over
/// another connection.
#[test]
fn calls_queued_after_a_blocked_write_are_made_over_another_connection() {
    watchdog(|| {
        let (keeper, _arrived) = Keeper::new();
        let (on_first, first) = mpsc::channel();
        let used = AtomicBool::new(false);
        let connect = move |_left| {
            let is_first = !used.swap(true, Ordering::SeqCst);
            let (near, far) = memory_pair_with_capacity(if is_first { 100 } else { 8 * 1024 });
            if is_first {
                on_first.send(far).unwrap();
            } else {
                let keeper = keeper.clone();
                thread::spawn(move || rpc_core::serve_connection(far, GateServer::new(keeper)));
            }
            Ok(Plain(near))
        };
        let client = Client::with_connector("a test", connect, sharing(1));
        thread::scope(|scope| {
            let blocks = call(scope, &within(&client, LIMIT), |gate| gate.echo(&"x".repeat(1000)));
            let mut far = first.recv().unwrap();
            far.read_exact(&mut [0]).unwrap();
            let follows = call(scope, &client, |gate| gate.echo("follows"));
            assert!(matches!(blocks.join().unwrap().unwrap_err(), Error::Deadline { limit: LIMIT, .. }));
            assert_eq!(follows.join().unwrap().unwrap(), "follows");
        });
    });
}
