//! Servers that are killed, drained, stopped and added while clients call through HAProxy. Runs for
//! some seconds, or for as many as the environment variable `RPC_BALANCER_SECONDS` says.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::{ClientConfig, Error, Result};
use rpc_tests::watchdog_with_limit;

use crate::haproxy::HaProxy;
use crate::server::{ServerProcess, Work, WorkClient, ran};

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Outcome {
    /// The handler has answered, perhaps with an error.
    Answered,
    NeverRan,
    /// The caller cannot know whether it has run.
    Unknown,
}

/// What the callers share.
struct Load {
    clients: [WorkClient; 3],
    ids: AtomicU64,
    over: AtomicBool,
    outcomes: Mutex<Vec<(u64, Outcome)>>,
}

impl Load {
    fn new(haproxy: &HaProxy) -> Arc<Load> {
        let config = ClientConfig::default;
        // connections that stay, that many callers share, and that are new for each call. These are
        // what a server gets that is added
        let configs = [config(), config().shared_connections(2), config().max_idle_connections(0)];
        let connect = |config| WorkClient::connect_with(haproxy.address, config).unwrap();
        let clients = configs.map(connect);
        Arc::new(Load { clients, ids: AtomicU64::new(0), over: AtomicBool::new(false), outcomes: Mutex::default() })
    }

    /// Calls until the load is over. Repeats nothing.
    fn call(&self, client: &WorkClient) {
        while !self.over.load(Ordering::SeqCst) {
            let id = self.ids.fetch_add(1, Ordering::SeqCst);
            let outcome = call(client, id);
            let outcome = match outcome {
                Ok(()) | Err(Error::Remote(_)) => Outcome::Answered,
                Err(error) if error.never_ran() => Outcome::NeverRan,
                Err(error) => {
                    assert!(!error.is_timeout(), "{id} got neither a reply nor a failure: {error:?}");
                    Outcome::Unknown
                }
            };
            self.outcomes.lock().unwrap().push((id, outcome));
        }
    }

    /// Compares what callers have heard with what has run. Returns how often each was heard.
    fn check(&self, ran: &[u64]) -> HashMap<Outcome, usize> {
        let mut times = HashMap::<u64, usize>::new();
        ran.iter().for_each(|id| *times.entry(*id).or_default() += 1);
        let outcomes = self.outcomes.lock().unwrap();
        assert_eq!(outcomes.len() as u64, self.ids.load(Ordering::SeqCst), "each call has an outcome");
        let mut counts = HashMap::new();
        for &(id, outcome) in &*outcomes {
            let times = times.get(&id).copied().unwrap_or(0);
            let right = match outcome {
                Outcome::Answered => times == 1,
                Outcome::NeverRan => times == 0,
                Outcome::Unknown => times <= 1,
            };
            assert!(right, "{id} ran {times} times: {outcome:?}");
            *counts.entry(outcome).or_default() += 1;
        }
        counts
    }
}

fn call(client: &WorkClient, id: u64) -> Result<()> {
    let len = [100, 10_000, 700_000][(id / 3 % 3) as usize];
    match id % 3 {
        0 => client.run(id).map(|reply| assert_eq!(reply, id)),
        1 => client.take(id, &vec![7; len][..]).map(|taken| assert_eq!(taken, len as u64)),
        _ => {
            let taken = io::copy(&mut client.give(id, len as u64)?, &mut io::sink())?;
            assert_eq!(taken, len as u64, "a part of a stream was taken for all of it");
            Ok(())
        }
    }
}

/// What happens to a server before another one takes its place.
#[derive(Clone, Copy)]
enum Fate {
    Killed,
    /// Killed, and not replaced before HAProxy has noticed.
    Missed,
    Stopped,
    /// Stopped when HAProxy sends no new connections any more.
    Drained,
}

/// Servers that come and go.
struct Stage<'s> {
    haproxy: &'s HaProxy,
    records: &'s Path,
    added: usize,
}

impl Stage<'_> {
    /// Adds a server under this name, and waits until it has run some calls.
    fn add(&mut self, name: &str) -> ServerProcess {
        let server = ServerProcess::start(self.records);
        self.haproxy.add(name, server.address);
        self.added += 1;
        while server.calls() < 20 {
            thread::yield_now();
        }
        server
    }

    fn end(&self, server: ServerProcess, name: &str, fate: Fate) {
        match fate {
            Fate::Killed => server.kill(),
            Fate::Missed => {
                server.kill();
                self.haproxy.await_status(name, "DOWN");
            }
            Fate::Stopped => server.stop(),
            Fate::Drained => {
                self.haproxy.drain(name);
                server.stop();
            }
        }
    }

    /// Ends one server after the other and replaces it, until the time is over, and adds one. Then
    /// stops all.
    fn play(&mut self, servers: [ServerProcess; 3], fates: &[Fate], until: Instant) -> Vec<ServerProcess> {
        let mut servers = servers.map(Some);
        let spare = self.add("spare1");
        let names = ["one", "two", "three"].into_iter().enumerate().cycle();
        for ((index, name), &fate) in names.zip(fates.iter().cycle()) {
            let server = servers[index].take().expect("it was replaced");
            self.end(server, name, fate);
            servers[index] = Some(self.add(name));
            if Instant::now() >= until {
                break;
            }
        }
        servers.into_iter().flatten().chain([spare]).collect()
    }
}

/// Has callers meet servers with these fates. Returns how often each outcome was heard, unless
/// HAProxy is not installed.
fn outcomes(fates: &[Fate], time: Duration) -> Option<HashMap<Outcome, usize>> {
    let folder = tempfile::tempdir().unwrap();
    let servers = [(); 3].map(|()| ServerProcess::start(folder.path()));
    let haproxy = HaProxy::start(servers.each_ref().map(|server| server.address))?;
    let load = Load::new(&haproxy);
    let callers: Vec<_> = (0..12)
        .map(|caller| {
            let load = Arc::clone(&load);
            thread::spawn(move || load.call(&load.clients[caller % 3]))
        })
        .collect();
    let mut stage = Stage { haproxy: &haproxy, records: folder.path(), added: 0 };
    let left = stage.play(servers, fates, Instant::now() + time);
    load.over.store(true, Ordering::SeqCst);
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    left.into_iter().for_each(ServerProcess::stop);
    let counts = load.check(&ran(folder.path()));
    println!("{counts:?}, {} servers added", stage.added);
    assert!(counts[&Outcome::Answered] > 100);
    Some(counts)
}

fn time() -> Duration {
    let seconds = std::env::var("RPC_BALANCER_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

#[test]
fn no_call_is_lost_or_doubled_while_servers_come_and_go() {
    watchdog_with_limit(Duration::from_secs(110) + time(), || {
        outcomes(&[Fate::Killed, Fate::Drained, Fate::Missed, Fate::Stopped, Fate::Stopped], time());
    });
}

#[test]
fn nobody_is_in_doubt_when_servers_are_drained_and_replaced() {
    watchdog_with_limit(Duration::from_secs(110) + time(), || {
        let counts = outcomes(&[Fate::Drained], time());
        assert!(counts.is_none_or(|counts| !counts.contains_key(&Outcome::Unknown)));
    });
}
