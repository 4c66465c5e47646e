//! `rpc play`: the recorded server, and what it says of a client.
#![cfg(unix)]

mod program;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use program::{Ended, Program};
use rpc_core::Server;
use rpc_tests::worker::{Diligent, Worker, WorkerClient, WorkerServer};
use rpc_tests::{OriginalClient, golden_sessions, watchdog, wire};
use tempfile::TempDir;

/// Records what `calls` do to a worker, and returns the recording.
fn recorded(calls: fn(&WorkerClient)) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(WorkerServer::new(Diligent)).unwrap();
    let recordings = folder.path().to_str().unwrap();
    let mut relay =
        Program::start(&["dump", "tcp://127.0.0.1:0", &server.address().to_string(), "--record", recordings]);
    run(&relay.address, calls);
    relay.lines_until("closed");
    assert_eq!(relay.interrupt().code, Some(0));
    let session = folder.path().join("0001");
    (folder, session)
}

fn run(address: &str, calls: fn(&WorkerClient)) {
    let client = WorkerClient::connect(address).unwrap();
    calls(&client);
    WorkerClient::close(client).unwrap();
}

fn start(session: &Path) -> Program {
    Program::start(&["play", session.to_str().unwrap(), "tcp://127.0.0.1:0"])
}

fn played(session: &Path, calls: fn(&WorkerClient)) -> Ended {
    let player = start(session);
    run(&player.address, calls);
    player.wait()
}

fn some_calls(client: &WorkerClient) {
    assert_eq!(client.double(21).unwrap(), 42);
    let (mut bytes, content) = (Vec::new(), vec![7; 1_500_000]);
    client.fetch(2_000_000).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 2_000_000);
    assert_eq!(client.digest(&content[..]).unwrap(), (7 * 1_500_000, 1_500_000));
}

#[test]
fn a_recorded_server_answers_as_it_did() {
    watchdog(|| {
        let (_folder, session) = recorded(some_calls);
        let ended = played(&session, some_calls);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        assert!(ended.stdout.starts_with("the client sent the same "), "{ended:?}");
    });
}

#[test]
fn a_client_that_asks_for_something_else_is_told_apart() {
    watchdog(|| {
        let (_folder, session) = recorded(|client| _ = client.double(21).unwrap());
        let ended = played(&session, |client| assert_eq!(client.double(22).unwrap(), 42, "the recorded reply"));
        assert_eq!(ended.code, Some(2));
        assert_eq!(ended.stderr.matches("message 2 of the client: expected 21, found 22").count(), 1, "{ended:?}");
    });
}

#[test]
fn replies_come_by_turns() {
    watchdog(|| {
        let (request, reply) = (wire::request("f", 3, "1"), wire::ok_json("2"));
        let turns = [("client", request.len()), ("server", reply.len())].repeat(2);
        let folder = tempfile::tempdir().unwrap();
        write_session(folder.path(), &request.repeat(2), &reply.repeat(2), &turns);
        let player = start(folder.path());
        let mut client = TcpStream::connect(player.tcp()).unwrap();
        for _ in 0..2 {
            client.write_all(&request).unwrap();
            let mut found = vec![0; reply.len()];
            client.read_exact(&mut found).unwrap();
            assert_eq!(found, reply);
        }
        client.shutdown(Shutdown::Write).unwrap();
        let ended = player.wait();
        let bytes = 2 * request.len();
        assert_eq!(ended.stdout, format!("the client sent the same bytes: 4 messages, {bytes} bytes\n"));
    });
}

#[test]
fn a_client_that_hangs_up_early_gets_no_reply_and_is_told_apart() {
    watchdog(|| {
        let (request, reply) = (wire::request("f", 3, "1"), wire::ok_json("2"));
        let folder = tempfile::tempdir().unwrap();
        write_session(folder.path(), &request, &reply, &[("client", request.len()), ("server", reply.len())]);
        let player = start(folder.path());
        let mut client = TcpStream::connect(player.tcp()).unwrap();
        client.write_all(&request[..request.len() - 1]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut found = Vec::new();
        client.read_to_end(&mut found).unwrap();
        assert_eq!(found, b"", "a reply before the end of its request");
        let ended = player.wait();
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains("message 2 of the client: expected 1, found the end"), "{ended:?}");
    });
}

fn write_session(folder: &Path, client: &[u8], server: &[u8], turns: &[(&str, usize)]) {
    fs::write(folder.join("client.bin"), client).unwrap();
    fs::write(folder.join("server.bin"), server).unwrap();
    fs::write(folder.join("session.json"), serde_json::json!({ "turns": turns }).to_string()).unwrap();
}

#[test]
fn a_recording_that_is_damaged_is_refused() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        for (turns, expected) in [
            (r#"{"turns":[["client",1]]}"#, "the turns of the client have 1 bytes, its file has 0"),
            (r#"{"turns":[["client",18446744073709551615],["client",1]]}"#, "more than a file can have"),
            (r#"{"turns":[["client""#, "not that of a recording that has ended"),
            (r#"{"turns":[["nobody",1]]}"#, "not that of a recording that has ended"),
        ] {
            write_session(folder.path(), b"", b"", &[]);
            fs::write(folder.path().join("session.json"), turns).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_rpc"));
            let output = command.arg("play").arg(folder.path()).arg("tcp://127.0.0.1:0").output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{stderr}");
            assert!(stderr.contains(expected) && stderr.lines().count() == 1, "{stderr}");
        }
    });
}

/// The recordings of the original program are in the same format.
#[test]
fn recordings_of_the_original_program_can_be_played() {
    watchdog(|| {
        let Some(session) = golden_sessions().into_iter().find(|session| session.name == "json-call") else { return };
        let folder = tempfile::tempdir().unwrap();
        let original = Path::new(&std::env::var_os("RPC_GOLDEN_SESSIONS").unwrap()).join(&session.name);
        for name in ["client.bin", "server.bin", "session.json"] {
            fs::copy(original.join(name), folder.path().join(name)).unwrap();
        }
        let player = start(folder.path());
        let client = OriginalClient::connect(&player.address).unwrap();
        let request = rpc_tests::ListRequest { prefix: "tank".to_owned(), limit: 2 };
        assert_eq!(rpc_tests::Original::list(&client, request).unwrap().unwrap().len(), 2);
        OriginalClient::close(client).unwrap();
        let ended = player.wait();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    });
}
