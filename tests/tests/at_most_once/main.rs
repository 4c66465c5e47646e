//! Callers that repeat what never ran, and nothing else: each call runs at most once, whoever
//! evicts, refuses, cuts or stops meanwhile. Runs for some seconds, or for as many as the
//! environment variable `RPC_STRESS_SECONDS` says. With several servers, the clients repeat calls
//! by themselves; there, only calls that are marked as idempotent may run twice.

mod relay;

use std::collections::HashMap;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Listener, MemoryStream, memory_pair};
use rpc_core::{
    Address, Call, CallOptions, CallReport, Client, ClientConfig, ConnectionInfo, Contract, Contracts, Dispatch, Ended,
    Error, ErrorKind, Method, Observer, Peer, Refused, Result, Served, Server, ServerConfig, ServerHandle,
};
use rpc_tests::watchdog_with_limit;

use relay::Relay;

const CALLERS: u64 = 24;

const NUMBERS: Contract =
    Contract::new("Numbers").methods(&[Method::new("run"), Method::new("take"), Method::new("filter")]);

/// How often each id has run.
#[derive(Debug, Clone, Default)]
struct Ran(Arc<Mutex<HashMap<u64, usize>>>);

impl Ran {
    fn note(&self, id: u64) {
        *self.0.lock().unwrap().entry(id).or_default() += 1;
        match id % 7 {
            0 => thread::sleep(Duration::from_millis(id % 4)),
            // a panic without its message
            1 if id.is_multiple_of(5) => std::panic::resume_unwind(Box::new(id)),
            // so that some are cut between the handler and the reply
            _ if id >= MARKED => thread::sleep(Duration::from_millis(2)),
            _ => {}
        }
    }

    fn times(&self, id: u64) -> usize {
        self.0.lock().unwrap().get(&id).copied().unwrap_or(0)
    }
}

impl Dispatch for Ran {
    fn contracts(&self) -> Contracts {
        Contracts::from(&NUMBERS)
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        let ran = self.clone();
        match call.endpoint() {
            "run" => call.takes_json().returns_json(move |(id, _padding): (u64, String)| {
                ran.note(id);
                if id % 11 == 0 { Err(Error::new("no")) } else { Ok(id) }
            }),
            "take" => {
                call.takes_json_and_octets().returns_json(move |(id, mut content): (u64, rpc_core::OctetReader)| {
                    ran.note(id);
                    if id % 3 == 0 {
                        return Ok(id);
                    }
                    io::copy(&mut content, &mut io::sink())?;
                    Ok::<_, Error>(id)
                })
            }
            "filter" => {
                call.takes_json_and_octets().returns_octets(move |(id, content): (u64, rpc_core::OctetReader)| {
                    ran.note(id);
                    Ok::<_, Error>(content)
                })
            }
            _ => call.unknown_endpoint(),
        }
    }
}

/// A listener in memory whose connections come through a channel.
struct Desk {
    visitors: Mutex<mpsc::Receiver<Option<MemoryStream>>>,
    door: mpsc::Sender<Option<MemoryStream>>,
    woken: AtomicBool,
}

impl Listener for Desk {
    type Transport = MemoryStream;

    fn accept(&self) -> io::Result<Option<MemoryStream>> {
        let visitors = self.visitors.lock().unwrap();
        let woken = self.woken.load(Ordering::SeqCst);
        Ok(if woken { visitors.try_recv().ok() } else { visitors.recv().ok() }.flatten())
    }

    fn address(&self) -> Address {
        Address::Other("the desk".to_owned())
    }

    fn wake(&self) {
        self.woken.store(true, Ordering::SeqCst);
        _ = self.door.send(None);
    }
}

/// Counts what is open on servers, and their calls.
#[derive(Debug, Default)]
struct Open {
    now: AtomicUsize,
    refused: AtomicUsize,
    made_room: AtomicUsize,
    calls: AtomicUsize,
}

impl Observer for Open {
    fn connection_opened(&self, _connection: &ConnectionInfo<'_>) {
        self.now.fetch_add(1, Ordering::SeqCst);
    }

    fn connection_closed(&self, _connection: &ConnectionInfo<'_>, end: std::result::Result<Ended, ErrorKind>) {
        self.now.fetch_sub(1, Ordering::SeqCst);
        self.made_room.fetch_add(usize::from(end == Ok(Ended::MadeRoom)), Ordering::SeqCst);
    }

    fn connection_refused(&self, _connection: &ConnectionInfo<'_>, _reason: &str) {
        self.refused.fetch_add(1, Ordering::SeqCst);
    }

    fn call_ended(&self, _call: &CallReport<'_>) {
        self.calls.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    #[cfg(unix)]
    Unix,
    Memory,
    /// Several servers at the same time, over TCP.
    Several,
}

/// Where the present server is.
#[derive(Clone)]
enum Place {
    At(Address),
    Desk(mpsc::Sender<Option<MemoryStream>>),
}

/// What the ids of calls that may run twice begin with.
const MARKED: u64 = 1 << 40;

/// How many servers there are at the same time, if there are several.
const SERVERS: usize = 3;

/// What the threads of a test share.
struct Stage {
    kind: Kind,
    folder: tempfile::TempDir,
    place: Mutex<Option<Place>>,
    /// Where the servers are, if there are several.
    places: Mutex<Vec<SocketAddr>>,
    ran: Ran,
    open: Arc<Open>,
    ids: AtomicU64,
    over: AtomicBool,
    repeated: AtomicUsize,
    unknown: AtomicUsize,
    rounds: AtomicUsize,
}

impl Stage {
    fn start(&self) -> ServerHandle {
        let round = self.rounds.fetch_add(1, Ordering::SeqCst);
        let config = ServerConfig::default()
            .max_connections([1, 2, 8][round % 3])
            .max_connections_per_peer([None, Some(1), Some(3)][round % 3])
            .cleanup_time(Duration::from_secs(20))
            .observer(Arc::<Open>::clone(&self.open));
        let (server, place) = match self.kind {
            Kind::Memory => {
                let (door, visitors) = mpsc::channel();
                let desk = Desk { visitors: Mutex::new(visitors), door: door.clone(), woken: AtomicBool::new(false) };
                (Server::new_with(desk, config).unwrap(), Place::Desk(door))
            }
            kind => {
                let path = self.folder.path().join(format!("{round}"));
                let address = if matches!(kind, Kind::Tcp | Kind::Several) {
                    "tcp://127.0.0.1:0".to_owned()
                } else {
                    format!("unix://{}", path.display())
                };
                let server = Server::bind_with(address.as_str(), config).unwrap();
                let address = server.address().clone();
                (server, Place::At(address))
            }
        };
        let (ran, counter) = (self.ran.clone(), AtomicU64::new(0));
        let handle = server.spawn_with(move |_peer: &Peer| match counter.fetch_add(1, Ordering::SeqCst) % 9 {
            7 => Err(Refused::new("not now")),
            8 => std::panic::resume_unwind(Box::new("no service")),
            _ => Ok(ran.clone()),
        });
        *self.place.lock().unwrap() = Some(place);
        handle.unwrap()
    }

    /// Runs one of several servers, again and again.
    fn run_servers(&self, until: Instant, mut seed: u64) {
        while Instant::now() < until {
            let handle = self.start();
            let Address::Tcp(place) = handle.address() else { unreachable!("it is bound to TCP") };
            let relay = Relay::to(place.parse().unwrap());
            let place = relay.place();
            self.places.lock().unwrap().push(place);
            let lives = Duration::from_millis([30, 300, 1_000][(random(&mut seed) % 3) as usize]);
            thread::sleep(lives.min(until.saturating_duration_since(Instant::now())));
            // some are known until they are gone, some vanish before; some drain, some are cut
            let (vanishes_first, drains) = (random(&mut seed).is_multiple_of(2), random(&mut seed).is_multiple_of(2));
            let vanish = || self.places.lock().unwrap().retain(|other| *other != place);
            if vanishes_first {
                vanish();
            }
            if !drains {
                relay.cut();
            }
            let grace = Duration::from_millis([0, 0, 5, 2_000][(random(&mut seed) % 4) as usize]);
            assert_eq!(handle.shutdown(grace).still_running, 0);
            relay.cut();
            vanish();
        }
    }

    /// Connects to any of several servers, once there is one.
    fn client_of_several(self: &Arc<Self>, config: &ClientConfig, marked: bool) -> Option<Client> {
        let stage = Arc::clone(self);
        let config = config.clone().max_connection_age(Some(Duration::from_millis(400)));
        let config = config.resolver(move |_, _| Ok(stage.places.lock().unwrap().clone()));
        let config = config.connect_timeout(Some(Duration::from_secs(5)));
        while !self.over.load(Ordering::SeqCst) {
            if let Ok(client) = Client::connect_with("tcp://servers:1", config.clone()) {
                return Some(client.with_options(CallOptions::default().idempotent(marked)));
            }
            thread::yield_now();
        }
        None
    }

    fn client(self: &Arc<Self>, caller: u64) -> Option<Client> {
        let config = ClientConfig::default().reconnect_attempts(0).max_idle_connections((caller % 3) as usize);
        let config = config.shared_connections(if caller % 4 == 3 { 1 } else { 0 });
        if self.kind == Kind::Several {
            return self.client_of_several(&config, is_marked(caller));
        }
        let stage = Arc::clone(self);
        Some(Client::with_connector(
            "the present server",
            move |left| {
                let place = stage.place.lock().unwrap().clone().ok_or(io::ErrorKind::ConnectionRefused)?;
                use rpc_core::Transport;
                match place {
                    Place::Desk(door) => {
                        let (near, far) = memory_pair();
                        door.send(Some(far)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
                        near.into_parts()
                    }
                    Place::At(Address::Tcp(address)) => {
                        let address = std::net::ToSocketAddrs::to_socket_addrs(&address)?.next().unwrap();
                        std::net::TcpStream::connect_timeout(&address, left.unwrap())?.into_parts()
                    }
                    #[cfg(unix)]
                    Place::At(Address::Unix(path)) => std::os::unix::net::UnixStream::connect(path)?.into_parts(),
                    Place::At(_) => unreachable!("there are no others"),
                }
            },
            config,
        ))
    }

    fn check(&self, id: u64, outcome: Result<()>) -> bool {
        let times = self.ran.times(id);
        assert!(times <= 1 || id >= MARKED, "{id} ran {times} times");
        match outcome {
            Ok(()) => assert!(times >= 1, "{id} was answered"),
            Err(error) if error.never_ran() => {
                assert_eq!(times, 0, "{id} ran, but {error:?} says that it never did");
                self.repeated.fetch_add(1, Ordering::SeqCst);
                return false;
            }
            Err(Error::Remote(_)) => {}
            Err(_) => _ = self.unknown.fetch_add(1, Ordering::SeqCst),
        }
        true
    }

    /// Makes one call, or several, and repeats those that never ran.
    fn call(&self, client: &Client, seed: u64, marked: bool) {
        let mark = if marked { MARKED } else { 0 };
        let pipelined = seed % 5 == 4;
        let count = if pipelined { 40 } else { 1 };
        let mut ids: Vec<u64> = (0..count).map(|_| mark + self.ids.fetch_add(1, Ordering::SeqCst)).collect();
        while !ids.is_empty() && !self.over.load(Ordering::SeqCst) {
            let padding = "x".repeat([0, 0, 0, 300, 9_000, 200_000][(seed / 5 % 6) as usize]);
            if pipelined {
                let arguments: Vec<_> = ids.iter().map(|id| (*id, padding.get(..300).unwrap_or(""))).collect();
                let outcomes: Vec<Result<u64>> = match client.pipeline("run", arguments) {
                    Ok(replies) => replies.collect(),
                    Err(error) => {
                        assert!(error.never_ran(), "{error:?}");
                        continue;
                    }
                };
                // without arguments none is taken behind a failure
                let mut kept = ids.split_off(outcomes.len());
                for (id, outcome) in ids.into_iter().zip(outcomes) {
                    if !self.check(id, outcome.map(|reply| assert_eq!(reply, id))) {
                        kept.push(id);
                    }
                }
                ids = kept;
                continue;
            }
            let id = ids[0];
            let source = || io::repeat(7).take([0, 10, 500_000][(seed / 3 % 3) as usize]);
            let outcome = match seed % 5 {
                0 | 1 => client.call("run").with(&(id, padding)).json().map(|reply: u64| assert_eq!(reply, id)),
                2 => client.call("take").with(&id).with_octets(source()).json().map(|reply: u64| assert_eq!(reply, id)),
                _ => client.call("filter").with(&id).with_octets(source()).octets().and_then(|mut reply| {
                    if seed.is_multiple_of(2) {
                        io::copy(&mut reply, &mut io::sink())?;
                    }
                    Ok(())
                }),
            };
            if self.check(id, outcome) {
                return;
            }
        }
    }
}

/// Returns whether the calls of a caller may run twice.
fn is_marked(caller: u64) -> bool {
    caller % 3 == 1
}

fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

fn play(kind: Kind) {
    let seconds = std::env::var("RPC_STRESS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    watchdog_with_limit(Duration::from_secs(110 + seconds), move || {
        let stage = Arc::new(Stage {
            kind,
            folder: tempfile::tempdir().unwrap(),
            place: Mutex::default(),
            places: Mutex::default(),
            ran: Ran::default(),
            open: Arc::default(),
            ids: AtomicU64::new(0),
            over: AtomicBool::new(false),
            repeated: AtomicUsize::new(0),
            unknown: AtomicUsize::new(0),
            rounds: AtomicUsize::new(0),
        });
        let until = Instant::now() + Duration::from_secs(seconds);
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let stage = Arc::clone(&stage);
                thread::spawn(move || {
                    let (Some(client), mut seed) = (stage.client(caller), caller) else { return };
                    let marked = kind == Kind::Several && is_marked(caller);
                    while Instant::now() < until {
                        let next = random(&mut seed);
                        stage.call(&client, next, marked);
                        // long enough to be evicted, now and then
                        let pause = if next.is_multiple_of(40) { 1_300 } else { next % 3 };
                        thread::sleep(Duration::from_millis(pause));
                    }
                })
            })
            .collect();
        let mut seed = 99;
        if kind == Kind::Several {
            let stage = &stage;
            thread::scope(|scope| {
                (0..SERVERS).for_each(|number| _ = scope.spawn(move || stage.run_servers(until, number as u64)));
            });
        }
        while Instant::now() < until {
            let handle = stage.start();
            let lives = Duration::from_millis([30, 300, 2_500][(random(&mut seed) % 3) as usize]);
            thread::sleep(lives.min(until.saturating_duration_since(Instant::now())));
            let grace = Duration::from_millis([0, 0, 5, 2_000][(random(&mut seed) % 4) as usize]);
            let begun = Instant::now();
            let report = handle.shutdown(grace);
            assert_eq!(report.still_running, 0);
            assert!(begun.elapsed() < grace + Duration::from_secs(15), "{:?}", begun.elapsed());
        }
        stage.over.store(true, Ordering::SeqCst);
        *stage.place.lock().unwrap() = None;
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        let ran = stage.ran.0.lock().unwrap();
        assert!(ran.iter().all(|(&id, &times)| times == 1 || id >= MARKED));
        let twice = ran.values().filter(|&&times| times > 1).count();
        let count = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        println!(
            "{kind:?}: {} rounds, {} ran, {twice} of them twice, {} repeated, {} unknown, {} refused, {} made room",
            count(&stage.rounds),
            ran.len(),
            count(&stage.repeated),
            count(&stage.unknown),
            count(&stage.open.refused),
            count(&stage.open.made_room),
        );
        while count(&stage.open.now) > 0 {
            thread::yield_now();
        }
    });
}

#[test]
fn over_tcp() {
    play(Kind::Tcp);
}

#[cfg(unix)]
#[test]
fn over_unix_sockets() {
    play(Kind::Unix);
}

#[test]
fn over_several_servers() {
    play(Kind::Several);
}

#[test]
fn in_memory() {
    play(Kind::Memory);
}
