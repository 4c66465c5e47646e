//! A server and a client that execute one plan.

use std::path::Path;
use std::process::Command;

use crate::child::Role;
use crate::meter::Usage;
use crate::plan::{Outcome, Plan};

/// Both processes of one side. Dropping it kills them.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) plan: Plan,
    // the client is dropped first
    pub(crate) client: Role,
    pub(crate) server: Role,
}

/// One round of one side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Calls, or items of streams.
    pub(crate) calls: f64,
    pub(crate) bytes: f64,
    pub(crate) seconds: f64,
    pub(crate) server_cpu: f64,
    pub(crate) client_cpu: f64,
}

impl Pair {
    pub(crate) fn start(name: &str, plan: Plan) -> Outcome<Pair> {
        Pair::start_as(name, plan, |_, program| Command::new(program))
    }

    /// Starts both; `command` returns how to run the program as `server` or `client`.
    pub(crate) fn start_as(name: &str, plan: Plan, command: impl Fn(&'static str, &Path) -> Command) -> Outcome<Pair> {
        let program = std::env::current_exe()?;
        let as_json = serde_json::to_string(&plan)?;
        let role = |side: &'static str| {
            let mut command = command(side, &program);
            command.args(["--role", side, &as_json]);
            (format!("{name}'s {side}"), command)
        };
        let (server_name, server_command) = role("server");
        let server = Role::start(server_name, server_command)?;
        let (client_name, mut client_command) = role("client");
        client_command.arg(server.address.as_ref().ok_or("the server has no address")?);
        let client = Role::start(client_name, client_command)?;
        Ok(Pair { plan, client, server })
    }

    /// Makes calls, rounded up to whole units of work.
    pub(crate) fn run(&mut self, calls: u64) -> Outcome<f64> {
        self.client.run(calls.div_ceil(self.plan.work.calls()))
    }

    /// Makes calls and returns what they took.
    pub(crate) fn sample(&mut self, calls: u64) -> Outcome<Sample> {
        let (server, client) = self.usage()?;
        let seconds = self.run(calls)?;
        let (server_now, client_now) = self.usage()?;
        let done = calls.next_multiple_of(self.plan.work.calls()) as f64;
        Ok(Sample {
            calls: done,
            bytes: done * self.plan.bytes as f64,
            seconds,
            server_cpu: server_now.cpu - server.cpu,
            client_cpu: client_now.cpu - client.cpu,
        })
    }

    /// Returns the resources that the server and the client have used.
    pub(crate) fn usage(&mut self) -> Outcome<(Usage, Usage)> {
        Ok((self.server.usage()?, self.client.usage()?))
    }
}
