//! One client from its first call to the end of the phase, and what its errors may be.

use std::time::Duration;

use rpc_core::{Client, ClientConfig, Error, ErrorKind};
use rpc_tls::TlsConnector;

use crate::journal::{Journal, Known};
use crate::random::Random;
use crate::run::Phase;
use crate::tally::Tally;
use crate::work::{Failure, Kind, work};

/// What a client needs to know.
#[derive(Debug)]
pub(crate) struct Worker<'r> {
    pub(crate) number: u64,
    /// One, or several of which it may choose.
    pub(crate) addresses: String,
    pub(crate) connector: &'r TlsConnector,
    /// Whether one of its servers is killed now and then.
    pub(crate) may_lose: bool,
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
            match Client::connect_with(&*self.addresses, self.config()) {
                Ok(client) => self.live(&client, random),
                Err(error) if self.may_be_lost(&error) => {
                    self.tally.count("connect", "lost");
                }
                Err(error) => self.wrong("connect", &error),
            }
        }
    }

    /// Some clients share connections, and some do not keep them for long.
    fn config(&self) -> ClientConfig {
        let shared = usize::from(self.number.is_multiple_of(5));
        let age = self.number.is_multiple_of(4).then_some(Duration::from_millis(100));
        let config = ClientConfig::default().tls(self.connector.clone()).reconnect_attempts(12);
        config.shared_connections(shared).max_connection_age(age)
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
        self.may_lose && error.kind() == ErrorKind::Transport
    }

    fn wrong(&self, what: &str, error: &Error) {
        let server = if self.may_lose { "a server that dies" } else { "a server that lives" };
        self.tally.problem(format!("{what} of client {}, to {server}: {error} ({error:?})", self.number));
    }
}
