//! The coordinator's end of a role: a process that answers, or is ended.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::control::{Answer, Ask};
use crate::meter::Usage;
use crate::plan::Outcome;

/// How long one answer may take. A round takes a second or so, under `strace` some more.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a role may take to exit once its standard input has ended.
const PARTING: Duration = Duration::from_secs(10);

/// A process in a role. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Role {
    name: String,
    process: Child,
    answers: Receiver<String>,
    /// Memory that was resident before the first connection, with what is to be sent.
    pub(crate) resident: u64,
    /// Where it listens, if it is a server.
    pub(crate) address: Option<String>,
}

impl Role {
    /// Starts a process and waits until it is ready. It is called `name` when it fails.
    pub(crate) fn start(name: String, mut command: Command) -> Outcome<Role> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let (sender, answers) = mpsc::channel();
        // ends with the process
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
            other => Err(format!("{} begins with {other:?}", role.name).into()),
        }
    }

    /// Does so many units of work; how many seconds it took.
    pub(crate) fn run(&mut self, times: u64) -> Outcome<f64> {
        match self.ask(Ask::Run { times })? {
            Answer::Ran { seconds } => Ok(seconds),
            other => Err(format!("{} answers {other:?}", self.name).into()),
        }
    }

    pub(crate) fn usage(&mut self) -> Outcome<Usage> {
        match self.ask(Ask::Usage)? {
            Answer::Usage(usage) => Ok(usage),
            other => Err(format!("{} answers {other:?}", self.name).into()),
        }
    }

    /// Counts allocations from now on, or does not.
    pub(crate) fn count(&mut self, on: bool) -> Outcome<()> {
        self.ask(Ask::Count(on)).map(|_| ())
    }

    fn ask(&mut self, ask: Ask) -> Outcome<Answer> {
        let mut line = serde_json::to_string(&ask)?;
        line.push('\n');
        let input = self.process.stdin.as_mut().ok_or("no standard input")?;
        input.write_all(line.as_bytes()).map_err(|error| format!("{} has gone: {error}", self.name))?;
        self.answer()
    }

    fn answer(&mut self) -> Outcome<Answer> {
        let line = self.answers.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("{} hangs: no answer within {PATIENCE:?}", self.name),
            RecvTimeoutError::Disconnected => format!("{} has ended too early", self.name),
        })?;
        match serde_json::from_str(&line)? {
            Answer::Failed(problem) => Err(format!("{}: {problem}", self.name).into()),
            answer => Ok(answer),
        }
    }

    /// Lets it exit by itself and waits for that, which `strace` needs to write what it counted.
    pub(crate) fn finish(mut self) -> Outcome<()> {
        drop(self.process.stdin.take());
        match self.answers.recv_timeout(PARTING) {
            Err(RecvTimeoutError::Disconnected) => {
                self.process.wait()?;
                Ok(())
            }
            _ => Err(format!("{} does not exit", self.name).into()),
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // both fail only where it has exited already
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
            assert!(error.to_string().contains("the one that ends has ended too early"), "{error}");
            let mut babbler = Command::new("echo");
            babbler.arg("\"Done\"");
            let error = Role::start("the babbler".to_owned(), babbler).unwrap_err();
            assert!(error.to_string().contains("the babbler begins with"), "{error}");
        });
    }
}
