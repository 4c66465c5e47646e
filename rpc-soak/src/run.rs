//! The whole run: its servers, its clients, its phases, and its verdict.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use rpc_tls::TlsConnector;

use crate::chaos::{Deaths, disturb};
use crate::child::ServerProcess;
use crate::journal::{Journal, verdict};
use crate::random::Random;
use crate::service::{Soak, SoakClient};
use crate::tally::Tally;
use crate::tls::Certificates;
use crate::usage::Usage;
use crate::worker::Worker;

/// Lets many clients mix every kind of call over every kind of socket, while servers die.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// How long it takes, in seconds.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// How many clients there are.
    #[arg(long, default_value_t = 200)]
    clients: u64,
    /// What the calls and the deaths are chosen by; the order of threads differs all the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, hide = true)]
    pub(crate) serve: Option<PathBuf>,
    #[arg(long, hide = true, default_value = ".")]
    pub(crate) certificates: PathBuf,
    #[arg(long, hide = true, num_args = 2)]
    pub(crate) ports: Vec<u16>,
}

/// The time in which everybody works.
#[derive(Debug)]
pub(crate) struct Phase {
    until: Instant,
    over: Mutex<()>,
    never: Condvar,
}

impl Phase {
    fn of(length: Duration) -> Phase {
        Phase { until: Instant::now() + length, over: Mutex::new(()), never: Condvar::new() }
    }

    pub(crate) fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// Waits this long. Returns whether the phase goes on.
    pub(crate) fn wait(&self, pause: Duration) -> bool {
        let pause = pause.min(self.until.saturating_duration_since(Instant::now()));
        let guard = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.never.wait_timeout(guard, pause));
        self.goes_on()
    }
}

/// What takes part in all phases.
struct Soaking {
    seed: u64,
    clients: u64,
    steady: ServerProcess,
    mortal: ServerProcess,
    connector: TlsConnector,
    claims: Journal,
    tally: Tally,
    deaths: Deaths,
}

/// What the two processes that live through all phases hold.
struct Held {
    driver: Usage,
    server: Usage,
}

pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let place = |name: &str| -> io::Result<PathBuf> {
        let path = folder.path().join(name);
        std::fs::create_dir(&path)?;
        Ok(path)
    };
    let claims = folder.path().join("claims");
    let certificates = Certificates::issue(folder.path())?;
    let soaking = Soaking {
        seed: args.seed,
        clients: args.clients,
        steady: ServerProcess::start(place("steady")?, certificates.clone())?,
        mortal: ServerProcess::start(place("mortal")?, certificates.clone())?,
        connector: certificates.connector()?,
        claims: Journal::open(&claims)?,
        tally: Tally::default(),
        deaths: Deaths::default(),
    };

    // the first phase fills tables that stay; what the second adds has leaked
    let length = Duration::from_secs(args.seconds);
    soaking.phase(length / 4, 0)?;
    let before = soaking.held()?;
    soaking.phase(length * 3 / 4, 1)?;
    let after = soaking.held()?;

    let Soaking { steady, mortal, tally, deaths, .. } = soaking;
    let mut text = format!("{tally}\n");
    let mut problems = tally.into_problems();
    for server in [&steady, &mortal] {
        server.stop()?;
    }
    // the numbers of the calls are unique, whichever server ran them
    let ran = folder.path().join("ran");
    let mut all = std::fs::read(steady.journal())?;
    all.extend(std::fs::read(mortal.journal())?);
    std::fs::write(&ran, all)?;
    let verdict = verdict(&ran, &claims)?;
    writeln!(
        text,
        "calls that may run once: {} ran, {} never, {} unknown",
        verdict.ran, verdict.never_ran, verdict.unknown
    )?;
    let Deaths { killed, stopped } = deaths;
    writeln!(text, "servers: {} killed, {} stopped", killed.into_inner(), stopped.load(Ordering::Relaxed))?;
    for (who, before, after) in [("clients", before.driver, after.driver), ("server", before.server, after.server)] {
        writeln!(text, "{who}: {} -> {}", shown(&before), shown(&after))?;
        problems.extend(after.leaked_since(&before).into_iter().map(|leak| format!("a leak of the {who}: {leak}")));
    }
    problems.extend(verdict.problems.into_iter().take(20));
    print!("{text}");
    if problems.is_empty() {
        println!("Nothing leaked, nothing ran twice, nothing was mixed up.");
        return Ok(());
    }
    Err(problems.join("\n          ").into())
}

fn shown(usage: &Usage) -> String {
    let Usage { heap, threads, descriptors, resident } = usage;
    format!("{} KiB of heap, {threads} threads, {descriptors} descriptors, {} MiB resident", heap >> 10, resident >> 20)
}

impl Soaking {
    /// Lets everybody work for some time.
    fn phase(&self, length: Duration, number: u64) -> io::Result<()> {
        let phase = &Phase::of(length);
        thread::scope(|scope| {
            for client in 0..self.clients {
                let (steady, mortal) = (&self.steady.addresses, &self.mortal.addresses);
                let (servers, may_lose): (&[_], _) = match client % 3 {
                    0 => (&[steady], false),
                    1 => (&[mortal], true),
                    _ => (&[steady, mortal], true),
                };
                // a third uses each kind of socket, whatever its servers are
                let kind = usize::try_from(client / 3 % 3).unwrap_or_default();
                let addresses = servers.iter().map(|server| server.all()[kind]).collect::<Vec<_>>().join(",");
                let worker = Worker {
                    number: client,
                    addresses,
                    connector: &self.connector,
                    may_lose,
                    claims: &self.claims,
                    tally: &self.tally,
                    phase,
                };
                let mut random = Random::new(self.seed.wrapping_mul(1000).wrapping_add(client * 2 + number));
                scope.spawn(move || worker.run(&mut random));
            }
            disturb(&self.mortal, &self.deaths, phase, self.seed + number)
        })
    }

    /// Returns what is held when nobody works any more.
    fn held(&self) -> Result<Held, Box<dyn Error>> {
        let server = SoakClient::connect(&*self.steady.addresses.tcp)?.usage()?;
        Ok(Held { driver: Usage::settled()?, server })
    }
}
