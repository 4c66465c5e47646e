//! A remote object is an implementation of the trait: one generic function runs over the handler itself, pointers to it,
//! and clients over every transport.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex};
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{Error, Result, Server, rpc_service, serve_connection};
use rpc_tests::{PieceSize, Pieces, watchdog};

#[rpc_service]
trait Store {
    fn names(&self, prefix: &str, limit: Option<usize>) -> Result<Vec<String>>;
    fn load(&self, name: &str) -> Result<impl Read>;
    fn checksum(&self, content: impl Read) -> Result<u64>;
    fn remove(&self, name: &str) -> Result<()>;
    fn fork(&self, from: &str, to: String) -> Result<usize>;
}

struct Shelf {
    content: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Shelf {
    fn new() -> Shelf {
        let large = (0..=250_u8).cycle().take(700_000).collect();
        let content = [("a/empty", Vec::new()), ("a/large", large), ("b", b"small".to_vec())];
        Shelf { content: Mutex::new(content.map(|(name, content)| (name.to_owned(), content)).into()) }
    }

    fn get(&self, name: &str) -> Result<Vec<u8>> {
        let content = self.content.lock().unwrap();
        content.get(name).cloned().ok_or_else(|| Error::new(format!("there is no {name}")))
    }
}

impl Store for Shelf {
    fn names(&self, prefix: &str, limit: Option<usize>) -> Result<Vec<String>> {
        let content = self.content.lock().unwrap();
        let names = content.keys().filter(|name| name.starts_with(prefix)).cloned();
        Ok(names.take(limit.unwrap_or(usize::MAX)).collect())
    }

    fn load(&self, name: &str) -> Result<impl Read> {
        Ok(Cursor::new(self.get(name)?))
    }

    fn checksum(&self, mut content: impl Read) -> Result<u64> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        Ok(checksum(&bytes))
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.get(name)?;
        self.content.lock().unwrap().remove(name);
        Ok(())
    }

    fn fork(&self, from: &str, to: String) -> Result<usize> {
        let bytes = self.get(from)?;
        let len = bytes.len();
        self.content.lock().unwrap().insert(to, bytes);
        Ok(len)
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(17, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
}

/// Code that knows the trait only: values, errors, streams out, and last, streams in. It leaves the store as it was.
fn application(store: &impl Store) {
    assert_eq!(store.names("", None).unwrap(), ["a/empty", "a/large", "b"]);
    assert_eq!(store.names("a/", Some(1)).unwrap(), ["a/empty"]);
    assert!(store.names("c", None).unwrap().is_empty());

    let missing = store.remove("c").unwrap_err();
    assert_eq!(missing.remote().unwrap().message, "there is no c");
    assert!(!missing.never_ran() && missing.connection_usable());
    assert_eq!(store.load("c").map(drop).unwrap_err().to_string(), "there is no c");

    assert_eq!(store.fork("b", "c".to_owned()).unwrap(), 5);
    assert_eq!(read(store, "c").unwrap(), b"small");
    store.remove("c").unwrap();

    assert_eq!(read(store, "a/empty").unwrap(), b"");
    let large = read(store, "a/large").unwrap();
    assert_eq!(large.len(), 700_000);
    assert_eq!(store.checksum(&large[..]).unwrap(), checksum(&large));
}

fn read(store: &impl Store, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    store.load(name)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The rest of the application: what takes more than the one connection of a memory pair. There an upload ends it, for
/// towards revision 0 nobody knows how much of an upload the other side has read.
fn more_of_the_application(store: &impl Store) {
    for length in [0, 1, 300_000, 5_000_000] {
        let upload = || io::repeat(3).take(length);
        let mut bytes = Vec::new();
        upload().read_to_end(&mut bytes).unwrap();
        assert_eq!(store.checksum(upload()).unwrap(), checksum(&bytes));
    }
    // what comes out of one call goes into another
    assert_eq!(store.checksum(store.load("b").unwrap()).unwrap(), checksum(b"small"));
    application(store);
}

#[test]
fn the_handler_itself() {
    watchdog(|| {
        application(&Shelf::new());
        more_of_the_application(&Shelf::new());
    });
}

#[test]
fn pointers_to_the_handler() {
    watchdog(|| {
        more_of_the_application(&Arc::new(Shelf::new()));
        more_of_the_application(&Box::new(Shelf::new()));
        more_of_the_application(&&&Shelf::new());
        more_of_the_application(&Arc::new(Box::new(&Shelf::new())));
    });
}

#[test]
fn a_client_over_memory() {
    watchdog(|| {
        let (near, far) = memory_pair();
        let server = thread::spawn(move || serve_connection(far, StoreServer::new(Shelf::new())));
        application(&StoreClient::from_transport(near).unwrap());
        server.join().unwrap().unwrap();
    });
}

#[test]
fn a_client_over_pieces_of_random_size() {
    watchdog(|| {
        for seed in 0..10 {
            let (near, far) = memory_pair();
            let near = Pieces(near, PieceSize::Random(5000, seed));
            let far = Pieces(far, PieceSize::Random(5000, !seed));
            let server = thread::spawn(move || serve_connection(far, StoreServer::new(Shelf::new())));
            application(&StoreClient::from_transport(near).unwrap());
            server.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_client_over_a_pair_of_pipes() {
    watchdog(|| {
        let (from_client, to_server) = io::pipe().unwrap();
        let (from_server, to_client) = io::pipe().unwrap();
        let far = (from_client, to_client);
        let server = thread::spawn(move || serve_connection(far, StoreServer::new(Shelf::new())));
        application(&StoreClient::from_transport((from_server, to_server)).unwrap());
        server.join().unwrap().unwrap();
    });
}

#[test]
fn a_client_over_tcp() {
    watchdog(|| {
        let running = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(StoreServer::new(Shelf::new())).unwrap();
        let client = StoreClient::connect(running.address()).unwrap();
        more_of_the_application(&client);
        more_of_the_application(&Arc::new(client.clone()));
        StoreClient::close(client).unwrap();
    });
}

#[cfg(unix)]
#[test]
fn a_client_over_a_unix_socket() {
    watchdog(|| {
        let dir = tempfile::tempdir().unwrap();
        let address = format!("unix://{}", dir.path().join("store.sock").display());
        let running = Server::bind(&address).unwrap().spawn(StoreServer::new(Shelf::new())).unwrap();
        assert_eq!(running.address().to_string(), address);
        let client = StoreClient::connect(&address).unwrap();
        more_of_the_application(&client);
        StoreClient::close(client).unwrap();
    });
}

/// The trait of a client is that of a handler, so a client is a handler: of a server that passes all calls on.
#[test]
fn a_client_as_the_handler_of_a_server() {
    watchdog(|| {
        let bind = || Server::bind("tcp://127.0.0.1:0").unwrap();
        let origin = bind().spawn(StoreServer::new(Shelf::new())).unwrap();
        let behind = StoreClient::connect(origin.address()).unwrap();
        let proxy = bind().spawn(StoreServer::new(behind)).unwrap();
        more_of_the_application(&StoreClient::connect(proxy.address()).unwrap());
    });
}

#[rpc_service]
trait Counter {
    fn add(&mut self, amount: u64) -> Result<u64>;
    fn digits(&mut self) -> Result<impl Read>;
    fn add_all(&mut self, content: impl Read) -> Result<u64>;
    fn no(&mut self) -> Result<()>;
}

#[derive(Clone, Default)]
struct Sum(u64);

impl Counter for Sum {
    fn add(&mut self, amount: u64) -> Result<u64> {
        self.0 += amount;
        Ok(self.0)
    }

    fn digits(&mut self) -> Result<impl Read> {
        Ok(Cursor::new(self.0.to_string()))
    }

    fn add_all(&mut self, content: impl Read) -> Result<u64> {
        for byte in io::BufReader::new(content).bytes() {
            self.0 += u64::from(byte?);
        }
        Ok(self.0)
    }

    fn no(&mut self) -> Result<()> {
        Err(Error::new("no"))
    }
}

/// As above, for a service whose handler belongs to one caller.
fn session(mut counter: impl Counter) {
    assert_eq!(counter.add(40).unwrap(), 40);
    assert_eq!(counter.no().unwrap_err().to_string(), "no");
    assert_eq!(counter.add(2).unwrap(), 42);
    let mut digits = String::new();
    counter.digits().unwrap().read_to_string(&mut digits).unwrap();
    assert_eq!(digits, "42");
    assert_eq!(counter.add_all(&[1, 2, 3][..]).unwrap(), 48);
}

#[test]
fn a_session_everywhere() {
    watchdog(|| {
        session(Sum::default());
        session(&mut Sum::default());
        session(Box::new(Sum::default()));

        let (near, far) = memory_pair();
        let server = thread::spawn(move || serve_connection(far, CounterServer::new(Sum::default())));
        session(CounterClient::from_transport(near).unwrap());
        server.join().unwrap().unwrap();

        let running = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(CounterServer::new(Sum::default())).unwrap();
        session(CounterClient::connect(running.address()).unwrap());
        session(&mut CounterClient::connect(running.address()).unwrap());
    });
}
