//! One client from its first call to the end of the phase, and what its errors may be.

use rpc_core::{Client, ClientConfig, Error, ErrorKind};

use crate::child::ServerProcess;
use crate::journal::{Journal, Known};
use crate::random::Random;
use crate::run::Phase;
use crate::tally::Tally;
use crate::work::{Failure, Kind, work};

/// What a client needs to know.
#[derive(Debug)]
pub(crate) struct Worker<'r> {
    pub(crate) number: u64,
    pub(crate) server: &'r ServerProcess,
    /// Whether the server is killed now and then.
    pub(crate) is_mortal: bool,
    pub(crate) claims: &'r Journal,
    pub(crate) tally: &'r Tally,
    pub(crate) phase: &'r Phase,
}

/// How many calls a client makes before another takes its place.
const LIFE: u64 = 300;

impl Worker<'_> {
    /// Works until the phase is over.
    pub(crate) fn run(&self, random: &mut Random) {
        while self.phase.goes_on() {
            let addresses = self.server.addresses.all();
            let which = usize::try_from(self.number).unwrap_or_default() % addresses.len();
            // some clients share connections
            let shared = usize::from(self.number.is_multiple_of(5));
            let config = ClientConfig::default().shared_connections(shared).reconnect_attempts(12);
            match Client::connect_with(addresses[which], config) {
                Ok(client) => self.live(&client, random),
                Err(error) if self.may_be_lost(&error) => {
                    self.tally.count("connect", "lost");
                }
                Err(error) => self.wrong("connect", &error),
            }
        }
    }

    fn live(&self, client: &Client, random: &mut Random) {
        for _ in 0..random.below(LIFE) {
            if !self.phase.goes_on() {
                return;
            }
            let kind = Kind::choose(random);
            let id = (random.next() << 16) | self.number;
            let outcome = work(kind, client, id, random);
            if kind.is_noted() {
                self.claim(id, &outcome);
            }
            self.judge(kind, outcome);
        }
    }

    /// Writes down what is known of a call that must run at most once.
    fn claim(&self, id: u64, outcome: &Result<(), Failure>) {
        let known = match outcome {
            Ok(()) => Known::Ran,
            Err(Failure::Failed(error)) if error.never_ran() => Known::NeverRan,
            Err(_) => Known::MayHaveRun,
        };
        if let Err(error) = self.claims.note(id, known as u8) {
            self.tally.problem(format!("cannot write down what is known: {error}"));
        }
    }

    fn judge(&self, kind: Kind, outcome: Result<(), Failure>) {
        let name = kind.name();
        match outcome {
            Ok(()) => self.tally.count(name, "ok"),
            Err(Failure::Failed(error)) if kind == Kind::Cancel && error.is_cancelled() => {
                self.tally.count(name, "cancelled");
            }
            Err(Failure::Failed(error)) if kind == Kind::Deadline && error.is_timeout() => {
                self.tally.count(name, "too late");
            }
            Err(Failure::Failed(error)) if self.may_be_lost(&error) => {
                self.tally.count(name, if error.never_ran() { "never ran" } else { "lost" });
            }
            Err(Failure::Failed(error)) => self.wrong(name, &error),
            Err(Failure::Wrong(how)) => self.tally.problem(format!("{name} of client {}: {how}", self.number)),
        }
    }

    /// Returns whether a server that dies explains the error.
    fn may_be_lost(&self, error: &Error) -> bool {
        self.is_mortal && error.kind() == ErrorKind::Transport
    }

    fn wrong(&self, what: &str, error: &Error) {
        let server = if self.is_mortal { "a server that dies" } else { "a server that lives" };
        self.tally.problem(format!("{what} of client {}, to {server}: {error} ({error:?})", self.number));
    }
}
