//! A server that is a child process, and what children do wrong.
#![cfg(unix)]

mod calls;
mod ends;
mod greeting;
mod protocol;
mod stdio;

use std::process::Command;
use std::time::{Duration, Instant};

use rpc_core::{Client, ClientConfig, Error, Result};
use rpc_tests::worker::WorkerClient;

/// The program that serves.
const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// A shell that runs a script, in which `$0` is the program that serves.
fn shell(script: &str) -> impl Fn() -> Command + Send + Sync + 'static {
    let script = script.to_owned();
    move || {
        let mut command = Command::new("sh");
        command.args(["-c", &script, WORKER]);
        command
    }
}

fn connect(script: &str) -> Result<WorkerClient> {
    connect_with(script, ClientConfig::default())
}

fn connect_with(script: &str, config: ClientConfig) -> Result<WorkerClient> {
    Ok(WorkerClient::new(Client::from_command_with(shell(script), config)?))
}

/// Returns the error of a child that does not become a server, after checking that nothing ran.
fn refused(script: &str) -> String {
    let error = connect(script).unwrap_err();
    assert!(error.never_ran() && matches!(error, Error::Transport { .. }), "{error:?}");
    error.to_string()
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

/// Waits until there is no process with this number any more, a zombie included.
fn await_end_of(process: u32) {
    let begun = Instant::now();
    let number = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    while rustix::process::test_kill_process(number).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the child does not end, or is not waited for");
        std::thread::yield_now();
    }
}
