//! Many threads call over few connections, and tokens are cancelled at any moment.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, ClientConfig, Error, Result, ServerConfig, rpc_service};
use rpc_tests::{TransportKind, watchdog_with_limit};

#[rpc_service]
trait Counter {
    fn run(&self, id: u64) -> Result<u64>;
    fn take(&self, id: u64, content: impl Read) -> Result<u64>;
    fn give(&self, id: u64) -> Result<impl Read>;
}

/// Notes what has run.
#[derive(Clone)]
struct Notes {
    ran: Arc<Mutex<HashSet<u64>>>,
    /// The calls whose callers heard that they never ran.
    never_ran: Arc<Mutex<HashSet<u64>>>,
    /// The tokens of calls that are to be cancelled while they run.
    tokens: Arc<Mutex<HashMap<u64, CancelToken>>>,
    /// To the thread that cancels.
    to_cancel: mpsc::Sender<CancelToken>,
}

impl Notes {
    fn note(&self, id: u64) {
        assert!(self.ran.lock().unwrap().insert(id), "{id} ran twice");
        if let Some(token) = self.tokens.lock().unwrap().remove(&id) {
            // at about the same time the reply arrives, and the connection goes to another call
            self.to_cancel.send(token).unwrap();
        }
    }

    /// Checks that no call has run, not even later, that its caller heard never would.
    fn check(&self) {
        let wrong: Vec<_> = self.ran.lock().unwrap().intersection(&self.never_ran.lock().unwrap()).copied().collect();
        assert!(wrong.is_empty(), "these have run: {wrong:?}");
    }
}

impl Counter for Notes {
    fn run(&self, id: u64) -> Result<u64> {
        self.note(id);
        Ok(id)
    }

    fn take(&self, id: u64, mut content: impl Read) -> Result<u64> {
        self.note(id);
        Ok(rpc_core::copy(&mut content, &mut std::io::sink())?)
    }

    fn give(&self, id: u64) -> Result<impl Read> {
        self.note(id);
        Ok(std::io::repeat(7).take(100_000))
    }
}

/// Makes a call of one of the kinds.
fn call(client: &CounterClient, id: u64) -> Result<()> {
    match id % 3 {
        0 => assert_eq!(client.run(id)?, id),
        1 => assert_eq!(client.take(id, std::io::repeat(1).take(200_000))?, 200_000),
        _ => {
            let mut bytes = Vec::new();
            client.give(id)?.read_to_end(&mut bytes)?;
            assert_eq!(bytes.len(), 100_000);
        }
    }
    Ok(())
}

const CANCELLED_CALLS: u32 = 500;
const CALLERS: u32 = 3;

fn race(transport: TransportKind, config: ClientConfig) -> String {
    let (to_cancel, tokens) = mpsc::channel();
    let notes = Notes { ran: Arc::default(), never_ran: Arc::default(), tokens: Arc::default(), to_cancel };
    let server = CounterServer::new(notes.clone());
    let (client, connections) = transport.serve_with(server, config, ServerConfig::default(), |near| near);
    let over = AtomicBool::new(false);
    let (ids, others) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let next_id = || ids.fetch_add(1, Ordering::Relaxed) as u64;
    let mut counts = [0; 3];
    thread::scope(|scope| {
        thread::spawn(move || tokens.iter().for_each(|token: CancelToken| token.cancel()));
        let cancelling: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (client, notes) = (client.clone(), notes.clone());
                scope.spawn(move || {
                    let mut counts = [0; 3];
                    for number in 0..CANCELLED_CALLS {
                        let (id, token) = (next_id(), CancelToken::new());
                        let client = client.with_options(CallOptions::default().cancel(&token));
                        match number % 4 {
                            0 => notes.to_cancel.send(token).unwrap(),
                            _ => drop(notes.tokens.lock().unwrap().insert(id, token)),
                        }
                        counts[match call(&CounterClient::new(client), id) {
                            Ok(()) => 0,
                            Err(error) => {
                                assert!(error.is_cancelled(), "{error:?}");
                                if error.never_ran() {
                                    notes.never_ran.lock().unwrap().insert(id);
                                }
                                1 + usize::from(error.never_ran())
                            }
                        }] += 1;
                    }
                    counts
                })
            })
            .collect();
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let client = CounterClient::new(client.clone());
                while !over.load(Ordering::SeqCst) {
                    // nobody cancels these
                    call(&client, next_id()).expect("another's token must not touch this call");
                    others.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let outcomes: Vec<_> = cancelling.into_iter().map(|caller| caller.join()).collect();
        over.store(true, Ordering::SeqCst);
        for of_caller in outcomes {
            counts.iter_mut().zip(of_caller.unwrap()).for_each(|(sum, count)| *sum += count);
        }
    });
    notes.check();
    let [ended, cut, never_ran] = counts;
    format!(
        "{transport:?}: {ended} calls ended before their cancel, {cut} were cut, {never_ran} never ran, {} others, {} \
         connections",
        others.into_inner(),
        connections.count()
    )
}

/// A token that did not forget the connection of its call would end somebody else's.
#[test]
fn a_token_ends_no_call_but_its_own() {
    watchdog_with_limit(Duration::from_secs(300), || {
        let few = || ClientConfig::default().max_connections(4).max_idle_connections(4);
        for &transport in TransportKind::ALL {
            println!("{}", race(transport, few()));
        }
        println!("shared: {}", race(TransportKind::Tcp, few().shared_connections(2)));
    });
}

#[test]
fn errors_of_cancelled_calls_have_a_kind() {
    let error = Error::Cancelled { operation: rpc_core::Operation::Sending, fate: rpc_core::Fate::UNTOUCHED };
    assert_eq!((error.kind().as_str(), error.to_string().as_str()), ("cancelled", "sending was cancelled"));
    let kind = std::io::Error::from(error).kind();
    assert_ne!(kind, std::io::ErrorKind::Interrupted, "a reader would go on after that");
}
