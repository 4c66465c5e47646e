//! Calls over `ssh`, to a real `sshd`. Skipped where that is missing.
#![cfg(unix)]

use std::io::{self, Read};
use std::process::Command;

use rpc_core::{Client, ClientConfig, Error, Result};
use rpc_tests::sshd::Sshd;
use rpc_tests::watchdog;
use rpc_tests::worker::{BYTE, Worker, WorkerClient};

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// Runs a test with an `sshd`, if there is one.
fn with_sshd(options: &'static str, test: impl FnOnce(&Sshd) + Send + 'static) {
    watchdog(move || {
        let folder = tempfile::tempdir().unwrap();
        if let Some(sshd) = Sshd::start(folder.path(), options).unwrap() {
            test(&sshd);
        }
    });
}

fn connect(sshd: &Sshd, command: &str) -> Result<WorkerClient> {
    let address = format!("exec:{} {command}", sshd.ssh());
    WorkerClient::connect_with(address, ClientConfig::default().allow_exec(true))
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn calls_and_large_streams_travel_both_ways() {
    with_sshd("", |sshd| {
        const LEN: u64 = 32 << 20;
        let worker = connect(sshd, WORKER).unwrap();
        assert_eq!(worker.double(21).unwrap(), 42);
        assert_eq!(io::copy(&mut worker.fetch(LEN).unwrap(), &mut io::sink()).unwrap(), LEN);
        assert_eq!(worker.digest(io::repeat(BYTE).take(LEN)).unwrap(), (LEN * u64::from(BYTE), LEN));
        assert_eq!(io::copy(&mut worker.echo(io::repeat(BYTE).take(LEN)).unwrap(), &mut io::sink()).unwrap(), LEN);
        assert_eq!(worker.print("not on the wire").unwrap(), 0);
        WorkerClient::close(worker).unwrap();
    });
}

#[test]
fn the_server_knows_where_ssh_comes_from_and_who_it_is() {
    with_sshd("", |sshd| {
        let peer = connect(sshd, WORKER).unwrap().peer().unwrap();
        let user = rustix::process::geteuid().as_raw();
        has(&peer, &["stdio, ssh from 127.0.0.1:", &format!("(uid {user})")]);
    });
}

#[test]
fn what_the_shell_prints_is_skipped() {
    with_sshd("", |sshd| {
        let ssh = sshd.ssh();
        let command = move || {
            let mut words = ssh.split(' ');
            let mut command = Command::new(words.next().unwrap());
            command.args(words).arg(format!("echo 'Last login: today'; exec {WORKER}"));
            command
        };
        assert_eq!(WorkerClient::new(Client::from_command(command).unwrap()).double(21).unwrap(), 42);
    });
}

#[test]
fn the_command_of_a_key_is_the_only_one() {
    with_sshd(concat!("restrict,command=\"", env!("CARGO_BIN_EXE_worker"), "\""), |sshd| {
        assert_eq!(connect(sshd, "rm -rf /nonsense").unwrap().double(21).unwrap(), 42);
    });
}

#[test]
fn what_goes_wrong_there_is_in_the_error() {
    with_sshd("", |sshd| {
        let error = connect(sshd, "nonsense-of-a-command").unwrap_err();
        assert!(error.never_ran());
        has(
            &error.to_string(),
            &["exec:ssh -T", "exit status: 127", "the command was not found", "nonsense-of-a-command"],
        );
    });
    with_sshd("command=\"exit 1\",no-such-option", |sshd| {
        let error = connect(sshd, WORKER).unwrap_err().to_string();
        has(&error, &["exit status: 255", "ssh itself failed", "Permission denied"]);
    });
}

#[test]
fn a_connection_that_breaks_is_no_end() {
    with_sshd("", |sshd| {
        let mut stream = connect(sshd, WORKER).unwrap().fetch(u64::MAX).unwrap();
        stream.read_exact(&mut [0; 100_000]).unwrap();
        sshd.cut();
        let error = io::copy(&mut stream, &mut io::sink()).unwrap_err().downcast::<Error>().unwrap();
        assert!(matches!(error, Error::Transport { .. }), "{error:?}");
        has(&error.to_string(), &["exit status: 255", "ssh itself failed"]);
    });
}
