//! The coordinator's end of a role: a process that answers in time, or is killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::control::{Answer, Ask};
use crate::meter::Usage;
use crate::plan::Outcome;

/// How long one answer may take. A round takes about a second, and somewhat longer under `strace`.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a role may take to exit after its standard input has ended.
const EXIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A process in a role. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Role {
    name: String,
    process: Child,
    answers: Receiver<String>,
    /// The resident memory before the first connection, including the content to send.
    pub(crate) resident: u64,
    /// The address it listens on, if it is a server.
    pub(crate) address: Option<String>,
}

impl Role {
    /// Starts a process and waits until it is ready. Errors call it `name`.
    pub(crate) fn start(name: String, mut command: Command) -> Outcome<Role> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let (sender, answers) = mpsc::channel();
        // this thread ends with the process
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut role = Role { name, process, answers, resident: 0, address: None };
        match role.answer()? {
            Answer::Ready { address, resident } => {
                role.address = address;
                role.resident = resident;
                Ok(role)
            }
            other => Err(format!("{} started with the unexpected line {other:?}", role.name).into()),
        }
    }

    /// Performs units of work and returns how many seconds they took.
    pub(crate) fn run(&mut self, times: u64) -> Outcome<f64> {
        match self.ask(Ask::Run { times })? {
            Answer::Ran { seconds } => Ok(seconds),
            other => Err(format!("{} sent the unexpected answer {other:?}", self.name).into()),
        }
    }

    pub(crate) fn usage(&mut self) -> Outcome<Usage> {
        match self.ask(Ask::Usage)? {
            Answer::Usage(usage) => Ok(usage),
            other => Err(format!("{} sent the unexpected answer {other:?}", self.name).into()),
        }
    }

    /// Starts or stops counting allocations.
    pub(crate) fn count(&mut self, on: bool) -> Outcome<()> {
        self.ask(Ask::Count(on)).map(|_| ())
    }

    fn ask(&mut self, ask: Ask) -> Outcome<Answer> {
        let mut line = serde_json::to_string(&ask)?;
        line.push('\n');
        let input = self.process.stdin.as_mut().ok_or("no standard input")?;
        input.write_all(line.as_bytes()).map_err(|error| format!("{} has exited: {error}", self.name))?;
        self.answer()
    }

    fn answer(&mut self) -> Outcome<Answer> {
        let line = self.answers.recv_timeout(TIMEOUT).map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("{} did not answer within {TIMEOUT:?}", self.name),
            RecvTimeoutError::Disconnected => format!("{} exited too early", self.name),
        })?;
        match serde_json::from_str(&line)? {
            Answer::Failed(problem) => Err(format!("{}: {problem}", self.name).into()),
            answer => Ok(answer),
        }
    }

    /// Lets the process exit by itself and waits for that, because `strace` then writes its counts.
    pub(crate) fn finish(mut self) -> Outcome<()> {
        drop(self.process.stdin.take());
        match self.answers.recv_timeout(EXIT_TIMEOUT) {
            Err(RecvTimeoutError::Disconnected) => {
                self.process.wait()?;
                Ok(())
            }
            _ => Err(format!("{} did not exit", self.name).into()),
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // both fail only if it has already exited
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rpc_core::testing::watchdog;

    use super::Role;

    #[test]
    fn a_role_that_ends_or_babbles_fails_by_its_name() {
        watchdog(|| {
            let error = Role::start("the one that ends".to_owned(), Command::new("true")).unwrap_err();
            assert!(error.to_string().contains("the one that ends exited too early"), "{error}");
            let mut babbler = Command::new("echo");
            babbler.arg("\"Done\"");
            let error = Role::start("the babbler".to_owned(), babbler).unwrap_err();
            assert!(error.to_string().contains("the babbler started with"), "{error}");
        });
    }
}
