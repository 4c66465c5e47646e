//! A server that is killed and started again, under many callers that share connections: each is told the truth.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::{Client, Error, Result, Server, ServerHandle, rpc_service};
use rpc_tests::watchdog_with_limit;

use crate::gate::sharing;

const CALLERS: usize = 16;
const RESTARTS: usize = 20;

/// Replies between two restarts.
const REPLIES: usize = 200;

#[rpc_service]
trait Ledger {
    fn enter(&self, number: u64) -> Result<u64>;
}

/// How often each number was run.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<HashMap<u64, usize>>>);

impl Ledger for Book {
    fn enter(&self, number: u64) -> Result<u64> {
        *self.0.lock().unwrap().entry(number).or_default() += 1;
        Ok(number)
    }
}

/// How calls ended, by number.
#[derive(Default)]
struct Outcomes {
    answered: Vec<u64>,
    never_ran: Vec<u64>,
    unknown: usize,
}

impl Outcomes {
    fn add(&mut self, number: u64, outcome: Result<u64>) {
        match outcome {
            Ok(found) => {
                assert_eq!(found, number, "the reply to another call");
                self.answered.push(number);
            }
            Err(error @ Error::Transport { .. }) if error.never_ran() => self.never_ran.push(number),
            Err(Error::Transport { .. }) => self.unknown += 1,
            Err(other) => panic!("{number}: {other:?}"),
        }
    }
}

fn start(address: &str, book: &Book) -> ServerHandle {
    Server::bind(address).unwrap().spawn(LedgerServer::new(book.clone())).unwrap()
}

/// Calls until it is told to stop; tells of each reply.
fn work(ledger: &LedgerClient, numbers: &AtomicU64, stop: &AtomicBool, replies: &mpsc::Sender<()>) -> Outcomes {
    let mut outcomes = Outcomes::default();
    while !stop.load(Ordering::SeqCst) {
        let number = numbers.fetch_add(1, Ordering::SeqCst);
        let outcome = ledger.enter(number);
        if outcome.is_ok() {
            // whoever restarts the server may be done
            _ = replies.send(());
        }
        outcomes.add(number, outcome);
    }
    outcomes
}

fn restart_under_load(shared: usize) {
    let book = Book::default();
    let first = start("tcp://127.0.0.1:0", &book);
    let address = first.address().to_string();
    let ledger = LedgerClient::new(Client::connect_with(&address, sharing(shared)).unwrap());
    let (numbers, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (on_reply, replies) = mpsc::channel();
    let (server, outcomes): (_, Vec<_>) = thread::scope(|scope| {
        let mut server = first;
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let on_reply = on_reply.clone();
                let (ledger, numbers, stop) = (&ledger, &numbers, &stop);
                scope.spawn(move || work(ledger, numbers, stop, &on_reply))
            })
            .collect();
        for _ in 0..RESTARTS {
            (0..REPLIES).for_each(|_| replies.recv().unwrap());
            server.shutdown(Duration::ZERO);
            server = start(&address, &book);
            while replies.try_recv().is_ok() {}
        }
        (0..REPLIES).for_each(|_| replies.recv().unwrap());
        stop.store(true, Ordering::SeqCst);
        (server, callers.into_iter().map(|caller| caller.join().unwrap()).collect())
    });
    server.shutdown(Duration::from_secs(30));
    check(&outcomes, &book, numbers.into_inner());
}

fn check(outcomes: &[Outcomes], book: &Book, numbers: u64) {
    let ran = book.0.lock().unwrap();
    let answered: Vec<_> = outcomes.iter().flat_map(|outcomes| &outcomes.answered).collect();
    let never_ran: Vec<_> = outcomes.iter().flat_map(|outcomes| &outcomes.never_ran).collect();
    let unknown: usize = outcomes.iter().map(|outcomes| outcomes.unknown).sum();
    println!("{numbers} calls, {} answered, {} certainly not run, {unknown} unknown", answered.len(), never_ran.len(),);
    assert_eq!((answered.len() + never_ran.len() + unknown) as u64, numbers, "each call ends once");
    let twice: Vec<_> = ran.iter().filter(|&(_, &count)| count != 1).collect();
    assert!(twice.is_empty(), "run more than once: {twice:?}");
    assert!(answered.iter().all(|number| ran.contains_key(number)), "answered, but not run");
    let wrong: Vec<_> = never_ran.iter().filter(|number| ran.contains_key(number)).collect();
    assert!(wrong.is_empty(), "said never to have run: {wrong:?}");
}

#[test]
fn a_server_is_restarted_under_callers_that_share_connections() {
    watchdog_with_limit(Duration::from_secs(300), || [1, 3].into_iter().for_each(restart_under_load));
}
