//! The program `rpc` as a child process.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

/// A running program that has said where it listens.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: String,
    pub(crate) stdout: Option<BufReader<ChildStdout>>,
    stderr: JoinHandle<String>,
}

/// How a program has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn start(arguments: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rpc"));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        stderr.read_line(&mut first).unwrap();
        let address = first.trim().strip_prefix("rpc: listening at ").unwrap_or_else(|| panic!("{first}")).to_owned();
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Program { child, address, stdout, stderr }
    }

    /// Returns the host and the port.
    pub(crate) fn tcp(&self) -> &str {
        self.address.strip_prefix("tcp://").unwrap()
    }

    /// Reads lines up to one with this text, and returns them all.
    pub(crate) fn lines_until(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let count = self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
            assert!(count > 0, "no line with {text:?} in {lines:#?}");
            let found = line.contains(text);
            lines.push(line.trim_end().to_owned());
            if found {
                return lines;
            }
        }
    }

    /// Ends it with Ctrl-C.
    pub(crate) fn interrupt(self) -> Ended {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let mut stdout = String::new();
        if let Some(mut rest) = self.stdout.take() {
            rest.read_to_string(&mut stdout).unwrap();
        }
        let code = self.child.wait().unwrap().code();
        let stderr = std::mem::replace(&mut self.stderr, thread::spawn(String::new)).join().unwrap();
        Ended { code, stdout, stderr }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // it has ended unless a test has failed
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
