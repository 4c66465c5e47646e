//! `rpc bench`: what it prints, and how it fails. Nothing here depends on speed.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, mpsc};

use rpc_core::{Result, Server, ServerHandle, rpc_service};
use rpc_tests::watchdog;
use rpc_tests::worker::{Diligent, WorkerServer};

fn worker() -> ServerHandle {
    Server::bind("tcp://127.0.0.1:0").unwrap().spawn(WorkerServer::new(Diligent)).unwrap()
}

/// Runs a benchmark of a moment.
fn bench(server: &ServerHandle, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpc"));
    command.arg("bench").arg(server.address().to_string()).args(arguments).args(["-d", "200ms"]);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns what was printed, after checking that it went well.
fn printed(output: &Output) -> String {
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{}", text(&output.stdout));
    text(&output.stdout)
}

#[test]
fn calls_and_latencies_are_printed() {
    watchdog(|| {
        let report = printed(&bench(&worker(), &["double", "21", "-c", "3"]));
        let lines: Vec<_> = report.lines().collect();
        assert_eq!(lines.len(), 2, "{report}");
        assert!(lines[0].starts_with("calls     ") && lines[0].ends_with(" per second"), "{report}");
        assert!(lines[1].starts_with("latency   50% ") && lines[1].contains(", 99.9% "), "{report}");
    });
}

#[test]
fn bytes_of_streams_are_counted_in_each_direction() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("content");
        fs::write(&file, [7; 4096]).unwrap();
        let report = printed(&bench(&worker(), &["fetch", "1000", "--accept", "octets"]));
        assert!(report.contains("\ndown      ") && !report.contains("\nup "), "{report}");
        let report = printed(&bench(&worker(), &["digest", "--in", file.to_str().unwrap()]));
        assert!(report.contains("\nup        ") && !report.contains("\ndown "), "{report}");
        let arguments = ["echo", "--in", file.to_str().unwrap(), "--accept", "octets"];
        let report = printed(&bench(&worker(), &arguments));
        let counted = |name: &str| {
            let line = report.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split(',').next().unwrap().trim().to_owned()
        };
        assert_eq!(counted("up"), counted("down"), "{report}");
    });
}

#[rpc_service]
trait Broken {
    fn fail(&self) -> Result<()>;
}

impl Broken for Diligent {
    fn fail(&self) -> Result<()> {
        Err(rpc_core::Error::new("always"))
    }
}

#[test]
fn errors_have_a_line_for_each_kind_and_the_code_of_most() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(BrokenServer::new(Diligent)).unwrap();
        let output = bench(&server, &["fail", "-c", "2"]);
        assert_eq!(output.status.code(), Some(1));
        let report = text(&output.stdout);
        assert!(report.starts_with("calls     0, "), "{report}");
        assert!(report.contains(" × remote Error, such as: always"), "{report}");
        assert!(text(&output.stderr).ends_with(" calls failed\n"), "{output:?}");
    });
}

#[test]
fn a_mistake_of_the_caller_is_not_made_again() {
    watchdog(|| {
        let output = bench(&worker(), &["nothing", "-c", "2"]);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
        assert!(text(&output.stderr).contains("unknown endpoint nothing"), "{output:?}");
    });
}

#[test]
fn a_file_that_is_not_there_ends_it() {
    watchdog(|| {
        let output = bench(&worker(), &["digest", "--in", "/nowhere/content", "-c", "2"]);
        assert_eq!(output.status.code(), Some(6));
        assert!(text(&output.stderr).contains("/nowhere/content"), "{output:?}");
        let output = bench(&worker(), &["digest", "--in", "/dev/zero"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("expected a file"), "{output:?}");
    });
}

#[test]
fn a_rate_that_is_not_reached_is_said() {
    watchdog(|| {
        let report = printed(&bench(&worker(), &["double", "1", "--rate", "100000000"]));
        assert!(report.contains("planned calls never began"), "{report}");
    });
}

#[rpc_service]
trait Bell {
    fn ring(&self) -> Result<()>;
}

struct Heard(Mutex<mpsc::Sender<()>>);

impl Bell for Heard {
    fn ring(&self) -> Result<()> {
        _ = self.0.lock().unwrap().send(());
        Ok(())
    }
}

#[test]
fn ctrl_c_prints_what_there_is() {
    watchdog(|| {
        let (rung, rings) = mpsc::channel();
        let service = BellServer::new(Heard(Mutex::new(rung)));
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(service).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpc"));
        command.arg("bench").arg(server.address().to_string()).args(["ring", "-d", "1h", "--rate", "100"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        rings.recv().unwrap();
        let process = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert!(printed(&output).starts_with("calls     "), "{output:?}");
    });
}
