//! Faults, exhaustively: each read and each write of either side, in turn, is shortened, fails,
//! stalls, or is the point where the connection is cut. Each call then returns the right value, or
//! a typed error that truly describes what became of the request and the connection. None returns a
//! wrong value, takes a cut stream for a complete one, or hangs. All this also below a layer of
//! records or, with the feature `tls`, each tenth of them below TLS, handshake included.

mod frames;
mod service;
mod sessions;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{MemoryStream, Parts, memory_pair_with_capacity};
use rpc_core::{Client, ClientConfig, Error, Misuse, ServerConfig, Transport, serve_connection_with};
use rpc_tests::{Fault, Faulty, PieceSize, Piecewise, Plan, Records, watchdog};

use service::{Service, Witness};
use sessions::{Outcome, Session, sessions};

static SESSIONS: LazyLock<Vec<Session>> = LazyLock::new(sessions);

/// The bytes that the transport holds: the least that the protocol requires.
const CAPACITY: usize = 8 * 1024;

/// The most bytes that an operation moves, so that there are many operations.
const PIECE: usize = 512;

/// How long one side waits if a fault keeps the other from sending.
const PATIENCE: Duration = Duration::from_millis(500);

/// Every how many operations one is hit: over TLS each run begins with a handshake, which takes
/// time.
const STRIDE: usize = if cfg!(feature = "tls") { 10 } else { 1 };

/// Concurrent runs; they mostly wait.
const AT_ONCE: usize = 48;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
}

/// What lies above the operations that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "tls", expect(dead_code, reason = "without TLS the others are tested"))]
enum Layer {
    Nothing,
    Records,
    #[cfg(feature = "tls")]
    Tls,
}

impl Layer {
    #[cfg(not(feature = "tls"))]
    const ALL: &[Layer] = &[Layer::Nothing, Layer::Records];
    #[cfg(feature = "tls")]
    const ALL: &[Layer] = &[Layer::Tls];

    /// Puts the layer on one side of a connection; the other does the same meanwhile.
    fn over(self, transport: impl Transport, side: Side) -> io::Result<Parts> {
        _ = side;
        match self {
            Layer::Nothing => transport.into_parts(),
            Layer::Records => Records(transport).into_parts(),
            #[cfg(feature = "tls")]
            Layer::Tls => {
                let (connector, acceptor) = rpc_tests::certificates::both_sides();
                match side {
                    Side::Client => connector.over(transport, "localhost").into_parts(),
                    Side::Server => acceptor.over(transport).into_parts(),
                }
            }
        }
    }
}

/// The outcome of one run.
struct Run {
    struck: bool,
    failed: usize,
    /// A time limit has passed although nothing was wrong, because the machine is busy.
    too_slow: bool,
    took: Duration,
}

fn faulty(stream: MemoryStream, plan: &Plan) -> Faulty<Piecewise<MemoryStream>> {
    Faulty(Piecewise(stream, PieceSize::Fixed(PIECE)), plan.clone())
}

/// Runs a session once, with a plan for each side.
fn run(session: &Session, layer: Layer, [near, far]: &[Plan; 2]) -> Run {
    let witness = Witness::default();
    let (ours, theirs) = memory_pair_with_capacity(CAPACITY);
    let (service, far_side) = (Service(witness.clone()), faulty(theirs, far));
    let serving = thread::spawn(move || {
        let far_side = layer.over(far_side, Side::Server).ok()?;
        serve_connection_with(far_side, service, server_config()).ok()
    });
    let struck = || near.has_struck() || far.has_struck();
    let near_side = match layer.over(faulty(ours, near), Side::Client) {
        Ok(near_side) => near_side,
        Err(error) => {
            assert!(struck(), "shaking hands: {error:?}");
            _ = serving.join().expect("the server does not panic");
            return Run { struck: true, failed: 1, too_slow: false, took: Duration::ZERO };
        }
    };
    let client = Client::from_transport_with(near_side, client_config()).unwrap();
    let begun = Instant::now();
    let mut too_slow = false;
    let mut never_ran = Vec::new();
    let mut closed = false;
    let mut failed = 0;
    for step in &session.steps {
        match (step.run)(&client) {
            Ok(outcome) => {
                // without a connection closing has nothing to do
                assert!(!closed || outcome == Outcome::Closed, "{}: a lost connection is used again", step.name);
                assert_eq!(outcome, step.expected, "{}", step.name);
            }
            Err(_) if !struck() && begun.elapsed() >= PATIENCE => {
                too_slow = true;
                break;
            }
            Err(error) => {
                assert!(struck(), "{}: {error:?}", step.name);
                failed += 1;
                if closed {
                    assert!(matches!(error, Error::Misuse(Misuse::Closed)), "{}: {error:?}", step.name);
                }
                if error.never_ran() {
                    never_ran.push(step.name);
                }
                assert!(
                    !error.connection_usable() || is_usable(&client),
                    "{}: said to be usable: {error:?}",
                    step.name
                );
                closed = !error.connection_usable();
            }
        }
    }
    let took = begun.elapsed();
    drop(client);
    _ = serving.join().expect("the server does not panic");
    for name in never_ran {
        assert_eq!(witness.times(name), 0, "{name}: reported as never run, but it ran");
    }
    Run { struck: struck(), failed, too_slow, took }
}

fn is_usable(client: &Client) -> bool {
    client.call("double").with(&21).json::<u64>().is_ok_and(|doubled| doubled == 42)
}

fn client_config() -> ClientConfig {
    let limit = Some(PATIENCE);
    ClientConfig::default().reply_timeout(limit).stall_timeout(limit).close_timeout(limit)
}

fn server_config() -> ServerConfig {
    let limit = Some(PATIENCE);
    ServerConfig::default().idle_timeout(limit).request_timeout(limit).stall_timeout(limit)
}

fn plans(side: Side, operation: usize, fault: Fault) -> [Plan; 2] {
    let plan = Plan::at(operation, fault);
    match side {
        Side::Client => [plan, Plan::none()],
        Side::Server => [Plan::none(), plan],
    }
}

/// One kind of fault at each operation of one side of a session.
struct Task {
    session: &'static Session,
    layer: Layer,
    side: Side,
    fault: Fault,
    /// The next operation to hit.
    next: AtomicUsize,
    exhausted: AtomicBool,
    /// Operations that were hit.
    points: AtomicUsize,
    /// Operations at which a call failed with an error.
    failed: AtomicUsize,
}

impl Task {
    fn new(session: &'static Session, layer: Layer, side: Side, fault: Fault) -> Task {
        let count = AtomicUsize::default;
        Task { session, layer, side, fault, next: count(), exhausted: false.into(), points: count(), failed: count() }
    }

    /// Hits the next operation, if there is one. The error says what went wrong.
    fn advance(&self) -> Result<(), String> {
        let operation = self.next.fetch_add(STRIDE, Ordering::Relaxed);
        let outcome = self.strike(operation);
        match &outcome {
            Ok(Some(run)) => {
                self.points.fetch_add(1, Ordering::Relaxed);
                self.failed.fetch_add(usize::from(run.failed > 0), Ordering::Relaxed);
            }
            Ok(None) | Err(_) => self.exhausted.store(true, Ordering::Relaxed),
        }
        outcome.map(drop).map_err(|problem| {
            let Task { session, layer, side, fault, .. } = self;
            format!("{}: {fault:?} at operation {operation} of the {side:?} below {layer:?}: {problem}", session.name)
        })
    }

    /// Hits one operation; `None` if many runs have no operation of that number. Their number
    /// depends slightly on the order of the threads.
    fn strike(&self, operation: usize) -> Result<Option<Run>, String> {
        const TRIES: usize = 10;
        let mut tries = 0;
        let mut slow_runs = 0;
        while tries < TRIES {
            let plans = plans(self.side, operation, self.fault);
            let (session, layer) = (self.session, self.layer);
            let run = caught(move || run(session, layer, &plans))?;
            let short = self.fault == Fault::Short && run.failed > 0;
            if short && run.took < PATIENCE {
                return Err("a short operation must not fail".to_owned());
            }
            if run.too_slow || short {
                slow_runs += 1;
                assert!(slow_runs < 5 * TRIES, "the machine is too busy for this test");
                continue;
            }
            if run.struck {
                return Ok(Some(run));
            }
            tries += 1;
        }
        Ok(None)
    }
}

/// Runs under a watchdog; returns a panic or a hang as the error.
fn caught<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(|| watchdog(run))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}

/// Returns the number of operations of both sides when nothing goes wrong.
fn operations(session: &'static Session, layer: Layer) -> [usize; 2] {
    let plans = [Plan::none(), Plan::none()];
    let shared = plans.clone();
    let run = caught(move || run(session, layer, &shared));
    let run = run.unwrap_or_else(|problem| panic!("{}: {problem}", session.name));
    assert!(!run.too_slow, "{}: the machine is too busy for this test", session.name);
    plans.map(|plan| plan.operations())
}

fn tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    for session in SESSIONS.iter() {
        for &layer in Layer::ALL {
            for side in [Side::Client, Side::Server] {
                tasks.extend(Fault::ALL.map(|fault| Task::new(session, layer, side, fault)));
            }
        }
    }
    tasks
}

/// Returns a task that is not exhausted; while there are many, each worker has its own.
fn choose(tasks: &[Task], worker: usize) -> Option<&Task> {
    let left: Vec<_> = tasks.iter().filter(|task| !task.exhausted.load(Ordering::Relaxed)).collect();
    left.get(worker % left.len().max(1)).copied()
}

#[test]
fn no_fault_at_any_operation_is_taken_for_success_or_misreported() {
    for &layer in Layer::ALL {
        let operations = SESSIONS.iter().map(|session| operations(session, layer));
        let [near, far] = operations.fold([0; 2], |[a, b], [near, far]| [a + near, b + far]);
        println!("when nothing goes wrong, {near} operations of clients and {far} of servers below {layer:?}");
    }
    let tasks = tasks();
    let problems = Mutex::new(Vec::new());
    let work = &|worker: usize| {
        while let Some(task) = choose(&tasks, worker) {
            if let Err(problem) = task.advance() {
                problems.lock().unwrap().push(problem);
            }
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|worker| _ = scope.spawn(move || work(worker))));
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{problems:#?}");
    report(&tasks);
}

fn report(tasks: &[Task]) {
    let mut all = 0;
    for &layer in Layer::ALL {
        for side in [Side::Client, Side::Server] {
            for fault in Fault::ALL {
                let is_of_kind = |task: &&Task| (task.layer, task.side, task.fault) == (layer, side, fault);
                let of_kind = || tasks.iter().filter(is_of_kind);
                let points: usize = of_kind().map(|task| task.points.load(Ordering::Relaxed)).sum();
                let failed: usize = of_kind().map(|task| task.failed.load(Ordering::Relaxed)).sum();
                println!("below {layer:?}, {side:?}, {fault:?}: {points} points, {failed} of them with a failed call");
                all += points;
            }
        }
    }
    println!("{all} points in {} sessions, all tried", SESSIONS.len());
}
