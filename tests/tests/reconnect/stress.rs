//! A server that is killed and restarted under many callers: no reply is lost, doubled or mixed up.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::{Client, ClientConfig, Error, Result, Server, ServerHandle, rpc_service};
use rpc_tests::watchdog_with_limit;

const CALLERS: usize = 16;
const RESTARTS: usize = 30;

/// Replies between two restarts.
const REPLIES: usize = 200;

/// A call with a number.
type Work = fn(&LedgerClient, u64) -> Result<u64>;

#[rpc_service]
trait Ledger {
    fn enter(&self, number: u64) -> Result<u64>;
    fn repeat(&self, number: u64) -> Result<impl Read>;
    fn receive(&self, content: impl Read) -> Result<u64>;
    fn keep(&self, number: u64, content: impl Read) -> Result<u64>;
}

#[derive(Clone, Default)]
struct Book {
    /// How often each number was run.
    ran: Arc<Mutex<HashMap<u64, usize>>>,
}

impl Book {
    fn note(&self, number: u64) {
        *self.ran.lock().unwrap().entry(number).or_default() += 1;
    }
}

/// Returns a stream that repeats a number.
fn stream(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(1000)
}

/// Returns the number that a complete stream repeats.
fn number_of(bytes: &[u8]) -> u64 {
    let number = u64::from_le_bytes(*bytes.first_chunk().expect("a stream is not empty"));
    assert!(bytes == stream(number), "the stream does not repeat one number");
    number
}

impl Ledger for Book {
    fn enter(&self, number: u64) -> Result<u64> {
        self.note(number);
        Ok(number)
    }

    fn repeat(&self, number: u64) -> Result<impl Read> {
        self.note(number);
        Ok(io::Cursor::new(stream(number)))
    }

    fn receive(&self, mut content: impl Read) -> Result<u64> {
        let mut bytes = vec![0; 8];
        content.read_exact(&mut bytes)?;
        self.note(u64::from_le_bytes(*bytes.first_chunk().unwrap()));
        content.read_to_end(&mut bytes)?;
        Ok(number_of(&bytes))
    }

    fn keep(&self, number: u64, mut content: impl Read) -> Result<u64> {
        self.note(number);
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        assert_eq!(number_of(&bytes), number);
        Ok(number)
    }
}

/// Makes one call of the kind that the number selects.
fn call(ledger: &LedgerClient, number: u64) -> Result<u64> {
    match number % 4 {
        0 => ledger.enter(number),
        1 => {
            let mut bytes = Vec::new();
            ledger.repeat(number)?.read_to_end(&mut bytes)?;
            Ok(number_of(&bytes))
        }
        2 => ledger.receive(&stream(number)[..]),
        _ => ledger.keep(number, &stream(number)[..]),
    }
}

/// How the calls ended, by number.
#[derive(Default)]
struct Outcomes {
    answered: Vec<u64>,
    never_ran: Vec<u64>,
    unknown: Vec<u64>,
}

impl Outcomes {
    fn add(&mut self, number: u64, outcome: Result<u64>) {
        match outcome {
            Ok(found) => {
                assert_eq!(found, number, "the reply to another call");
                self.answered.push(number);
            }
            Err(error @ Error::Transport { .. }) if error.never_ran() => self.never_ran.push(number),
            Err(Error::Transport { .. }) => self.unknown.push(number),
            Err(other) => panic!("{number}: {other:?}"),
        }
    }

    fn join(&mut self, mut other: Outcomes) {
        self.answered.append(&mut other.answered);
        self.never_ran.append(&mut other.never_ran);
        self.unknown.append(&mut other.unknown);
    }
}

fn start(address: &str, book: &Book) -> ServerHandle {
    Server::bind(address).unwrap().spawn(LedgerServer::new(book.clone())).unwrap()
}

/// Makes calls until told to stop; reports each reply.
fn work(
    call: Work,
    ledger: &LedgerClient,
    numbers: &AtomicU64,
    stop: &AtomicBool,
    replies: &mpsc::Sender<()>,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    while !stop.load(Ordering::SeqCst) {
        let number = numbers.fetch_add(1, Ordering::SeqCst);
        let outcome = call(ledger, number);
        if outcome.is_ok() {
            // the restarting thread may be done
            _ = replies.send(());
        }
        outcomes.add(number, outcome);
    }
    outcomes
}

fn restart_under_load(address: &str, config: ClientConfig, call: Work) {
    let book = Book::default();
    let server = start(address, &book);
    let address = server.address().to_string();
    let config = config.max_idle_connections(CALLERS);
    let ledger = LedgerClient::new(Client::connect_with(&address, config).unwrap());
    let (numbers, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (on_reply, replies) = mpsc::channel();
    let mut outcomes = Outcomes::default();
    let server = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let on_reply = on_reply.clone();
                let (ledger, numbers, stop) = (&ledger, &numbers, &stop);
                scope.spawn(move || work(call, ledger, numbers, stop, &on_reply))
            })
            .collect();
        let mut server = server;
        for _ in 0..RESTARTS {
            (0..REPLIES).for_each(|_| replies.recv().unwrap());
            server.shutdown(Duration::ZERO);
            server = start(&address, &book);
            while replies.try_recv().is_ok() {}
        }
        (0..REPLIES).for_each(|_| replies.recv().unwrap());
        stop.store(true, Ordering::SeqCst);
        callers.into_iter().for_each(|caller| outcomes.join(caller.join().unwrap()));
        server
    });
    server.shutdown(Duration::from_secs(30));
    check(&outcomes, &book, numbers.into_inner());
}

fn check(outcomes: &Outcomes, book: &Book, numbers: u64) {
    let ran = book.ran.lock().unwrap();
    let Outcomes { answered, never_ran, unknown } = outcomes;
    let ran_unknown = unknown.iter().filter(|number| ran.contains_key(number)).count();
    println!(
        "{RESTARTS} restarts under {CALLERS} callers: {numbers} calls, {} answered, {} certainly not run, {} unknown \
         ({ran_unknown} of them run)",
        answered.len(),
        never_ran.len(),
        unknown.len(),
    );
    assert_eq!((answered.len() + never_ran.len() + unknown.len()) as u64, numbers, "each call ends once");
    let twice: Vec<_> = ran.iter().filter(|&(_, &count)| count != 1).collect();
    assert!(twice.is_empty(), "run more than once: {twice:?}");
    let lost: Vec<_> = answered.iter().filter(|number| !ran.contains_key(number)).collect();
    assert!(lost.is_empty(), "answered, but not run: {lost:?}");
    let wrong: Vec<_> = never_ran.iter().filter(|number| ran.contains_key(number)).collect();
    assert!(wrong.is_empty(), "reported as never run, but they ran: {wrong:?}");
}

#[test]
fn a_server_is_restarted_under_load_over_tcp() {
    watchdog_with_limit(Duration::from_secs(300), || {
        restart_under_load("tcp://127.0.0.1:0", ClientConfig::default(), call);
    });
}

#[test]
fn a_server_is_restarted_under_callers_that_share_connections() {
    watchdog_with_limit(Duration::from_secs(300), || {
        for shared in [1, 3] {
            let config = ClientConfig::default().shared_connections(shared);
            restart_under_load("tcp://127.0.0.1:0", config, |ledger, number| ledger.enter(number));
        }
    });
}

#[cfg(unix)]
#[test]
fn a_server_is_restarted_under_load_over_unix_sockets() {
    watchdog_with_limit(Duration::from_secs(300), || {
        let folder = tempfile::tempdir().unwrap();
        restart_under_load(&format!("unix://{}/ledger.sock", folder.path().display()), ClientConfig::default(), call);
    });
}
