//! Calls over a child.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, Client, ClientConfig, Session};
use rpc_tests::watchdog;
use rpc_tests::worker::{BYTE, Worker, WorkerClient};

use super::{WORKER, await_end_of, connect, connect_with, has, shell};

#[test]
fn a_child_serves_until_the_client_closes() {
    watchdog(|| {
        let worker = connect("exec \"$0\"").unwrap();
        let process = worker.process().unwrap();
        for number in 0..100 {
            assert_eq!(worker.double(number).unwrap(), number * 2);
        }
        WorkerClient::close(worker).unwrap();
        await_end_of(process);
    });
}

#[test]
fn an_address_starts_a_child_if_it_may() {
    watchdog(|| {
        let address = format!("exec:{WORKER}  with  arguments");
        let error = WorkerClient::connect(&address).unwrap_err().to_string();
        has(&error, &[&address, "ClientConfig::allow_exec(true)"]);
        let config = ClientConfig::default().allow_exec(true);
        let worker = WorkerClient::connect_with(&address, config.clone()).unwrap();
        assert_eq!(worker.double(21).unwrap(), 42);
        let mut session = Session::connect_with(&address, config).unwrap();
        assert_eq!(session.call("double").with(&21).json::<u32>().unwrap(), 42);
        let mut session = Session::from_command(shell("exec \"$0\"")).unwrap();
        assert_eq!(session.call("double").with(&21).json::<u32>().unwrap(), 42);
    });
}

/// Quotes and a shell would be a way in.
#[test]
fn an_address_has_no_shell_and_no_quotes() {
    watchdog(|| {
        let config = || ClientConfig::default().allow_exec(true);
        for words in ["; exit", "$(exit)", "'a b'"] {
            let worker = WorkerClient::connect_with(format!("exec:{WORKER} {words}"), config()).unwrap();
            assert_eq!(worker.double(21).unwrap(), 42);
        }
        let error = WorkerClient::connect_with("exec:'a b'", config()).unwrap_err().to_string();
        has(&error, &["exec:'a b'", "No such file"]);
    });
}

#[test]
fn each_connection_is_a_child() {
    watchdog(|| {
        let worker = connect("exec \"$0\"").unwrap();
        let (mut streams, mut processes) = (Vec::new(), BTreeSet::new());
        for _ in 0..4 {
            // the next stream gets the connection that is idle now
            assert!(processes.insert(worker.process().unwrap()));
            streams.push(worker.fetch(u64::MAX).unwrap());
        }
        thread::scope(|scope| {
            for number in 0..8 {
                let worker = &worker;
                scope.spawn(move || assert_eq!(worker.double(number).unwrap(), number * 2));
            }
        });
        drop((streams, worker));
        processes.into_iter().for_each(await_end_of);
    });
}

#[test]
fn large_streams_travel_both_ways() {
    watchdog(|| {
        const LEN: u64 = 64 << 20;
        // the last has two pipes, as some servers of ssh pass them
        for script in ["exec \"$0\"", "cat | \"$0\" | cat"] {
            let worker = connect(script).unwrap();
            let fetched = io::copy(&mut worker.fetch(LEN).unwrap(), &mut io::sink()).unwrap();
            assert_eq!(fetched, LEN, "{script}");
            let sent = worker.digest(io::repeat(BYTE).take(LEN)).unwrap();
            assert_eq!(sent, (LEN * u64::from(BYTE), LEN), "{script}");
            let mut both = worker.echo(io::repeat(BYTE).take(LEN)).unwrap();
            assert_eq!(io::copy(&mut both, &mut io::sink()).unwrap(), LEN, "{script}");
            drop(both);
            WorkerClient::close(worker).unwrap();
        }
    });
}

#[test]
fn deadlines_and_tokens_end_calls() {
    watchdog(|| {
        for script in ["exec \"$0\"", "cat | \"$0\" | cat"] {
            let worker = connect(script).unwrap();
            let options = CallOptions::default().timeout(Some(Duration::from_millis(20)));
            let error = WorkerClient::with_options(&worker, options).hang().unwrap_err();
            assert!(error.is_timeout() && !error.never_ran(), "{error:?}");
            let token = CancelToken::new();
            let cancelled = WorkerClient::with_options(&worker, CallOptions::default().cancel(&token));
            let mut stream = cancelled.fetch(u64::MAX).unwrap();
            stream.read_exact(&mut [0; 100_000]).unwrap();
            token.cancel();
            let error = stream.read(&mut [0]).unwrap_err().downcast::<rpc_core::Error>().unwrap();
            assert!(error.is_cancelled() && error.connection_usable(), "{error:?}");
        }
    });
}

#[test]
fn an_error_of_the_handler_stops_an_upload() {
    watchdog(|| {
        let client = Client::from_command(shell("exec \"$0\"")).unwrap();
        let error = client.call("nothing").with_octets(io::repeat(0)).json::<()>().unwrap_err();
        assert!(error.connection_usable() && error.remote().is_some(), "{error:?}");
        assert_eq!(WorkerClient::new(client).double(1).unwrap(), 2);
    });
}

#[test]
fn a_child_that_ended_between_two_calls_is_replaced() {
    watchdog(|| {
        let worker = connect_with("exec \"$0\"", ClientConfig::default()).unwrap();
        let first = worker.process().unwrap();
        super::ends::kill(first);
        await_end_of(first);
        assert_ne!(worker.process().unwrap(), first);
    });
}
