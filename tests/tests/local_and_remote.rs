//! A remote object implements the trait: one generic function runs with the handler itself,
//! pointers to it, and clients over every transport.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex};
use std::thread;

use rpc_core::transport::memory_pair;
use rpc_core::{Error, Result, Server, rpc_service, serve_connection};
use rpc_tests::{PieceSize, Piecewise, watchdog};

#[rpc_service]
trait Store {
    fn names(&self, prefix: &str, limit: Option<usize>) -> Result<Vec<String>>;
    fn load(&self, name: &str) -> Result<impl Read>;
    fn checksum(&self, content: impl Read) -> Result<u64>;
    fn remove(&self, name: &str) -> Result<()>;
    fn fork(&self, from: &str, to: String) -> Result<usize>;
    fn save(&self, name: &str, content: impl Read) -> Result<usize>;
    fn append(&self, name: &str, at: usize, content: impl Read) -> Result<usize>;
    fn open(&self, name: &str) -> Result<(usize, impl Read)>;
    fn invert(&self, content: impl Read) -> Result<impl Read>;
    fn encrypt(&self, key: u8, content: impl Read) -> Result<(String, impl Read)>;
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

    fn save(&self, name: &str, mut content: impl Read) -> Result<usize> {
        let mut bytes = Vec::new();
        let len = content.read_to_end(&mut bytes)?;
        self.content.lock().unwrap().insert(name.to_owned(), bytes);
        Ok(len)
    }

    fn append(&self, name: &str, at: usize, content: impl Read) -> Result<usize> {
        let begin = self.get(name)?;
        if at > begin.len() {
            return Err(Error::new(format!("{name} ends at {}", begin.len())));
        }
        self.save(name, Cursor::new(&begin[..at]).chain(content))
    }

    fn open(&self, name: &str) -> Result<(usize, impl Read)> {
        let bytes = self.get(name)?;
        Ok((bytes.len(), Cursor::new(bytes)))
    }

    fn invert(&self, content: impl Read) -> Result<impl Read> {
        Ok(Encrypted(content, !0))
    }

    fn encrypt(&self, key: u8, content: impl Read) -> Result<(String, impl Read)> {
        Ok((format!("{key:x}"), Encrypted(content, key)))
    }
}

/// Changes each byte as it is read.
struct Encrypted<R>(R, u8);

impl<R: Read> Read for Encrypted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        buf[..count].iter_mut().for_each(|byte| *byte ^= self.1);
        Ok(count)
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(17, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
}

/// Code that knows only the trait: values, errors, streams out, in, and both ways. It leaves the
/// store unchanged.
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

    assert_eq!(store.save("d", &large[..]).unwrap(), 700_000);
    assert_eq!(store.append("d", 300_000, &b"end"[..]).unwrap(), 300_003);
    assert_eq!(store.append("d", 300_004, &large[..]).unwrap_err().to_string(), "d ends at 300003");
    let (len, mut content) = store.open("d").unwrap();
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes).unwrap();
    drop(content);
    assert_eq!(len, 300_003);
    assert!(bytes.strip_suffix(b"end").unwrap() == &large[..300_000]);
    store.remove("d").unwrap();
    assert_eq!(store.open("d").map(drop).unwrap_err().to_string(), "there is no d");

    for plain in [&[][..], b"x", &large] {
        let mut inverted = Vec::new();
        store.invert(plain).unwrap().read_to_end(&mut inverted).unwrap();
        assert!(inverted.iter().map(|byte| !byte).eq(plain.iter().copied()), "{} bytes", plain.len());
        let (key, mut content) = store.encrypt(0xab, plain).unwrap();
        let mut encrypted = Vec::new();
        content.read_to_end(&mut encrypted).unwrap();
        assert_eq!(key, "ab");
        assert!(encrypted.iter().map(|byte| byte ^ 0xab).eq(plain.iter().copied()), "{} bytes", plain.len());
    }
}

fn read(store: &impl Store, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    store.load(name)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The rest of the application: calls that need more than the one connection of a memory pair, or
/// are too slow over a transport of small pieces.
fn more_of_the_application(store: &impl Store) {
    for length in [0, 1, 300_000, 5_000_000] {
        let upload = || io::repeat(3).take(length);
        let mut bytes = Vec::new();
        upload().read_to_end(&mut bytes).unwrap();
        assert_eq!(store.checksum(upload()).unwrap(), checksum(&bytes));
    }
    // the result of one call is the argument of another
    assert_eq!(store.checksum(store.load("b").unwrap()).unwrap(), checksum(b"small"));
    let twice = store.invert(store.invert(store.open("a/large").unwrap().1).unwrap()).unwrap();
    assert_eq!(store.save("c", twice).unwrap(), 700_000);
    assert_eq!(
        store.checksum(store.load("c").unwrap()).unwrap(),
        store.checksum(store.load("a/large").unwrap()).unwrap()
    );
    store.remove("c").unwrap();
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
            let near = Piecewise(near, PieceSize::Random(5000, seed));
            let far = Piecewise(far, PieceSize::Random(5000, !seed));
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

/// A client implements the same trait as a handler, so it can be the handler of a server, which
/// forwards all calls.
#[test]
fn a_client_as_the_handler_of_a_server() {
    watchdog(|| {
        let bind = || Server::bind("tcp://127.0.0.1:0").unwrap();
        let origin = bind().spawn(StoreServer::new(Shelf::new())).unwrap();
        let upstream = StoreClient::connect(origin.address()).unwrap();
        let proxy = bind().spawn(StoreServer::new(upstream)).unwrap();
        more_of_the_application(&StoreClient::connect(proxy.address()).unwrap());
    });
}

#[rpc_service]
trait Counter {
    fn add(&mut self, amount: u64) -> Result<u64>;
    fn digits(&mut self) -> Result<impl Read>;
    fn add_all(&mut self, content: impl Read) -> Result<u64>;
    fn add_times(&mut self, factor: u64, content: impl Read) -> Result<u64>;
    fn sum_and_digits(&mut self) -> Result<(u64, impl Read)>;
    fn increase(&mut self, content: impl Read) -> Result<impl Read>;
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

    fn add_times(&mut self, factor: u64, content: impl Read) -> Result<u64> {
        for byte in io::BufReader::new(content).bytes() {
            self.0 += factor * u64::from(byte?);
        }
        Ok(self.0)
    }

    fn sum_and_digits(&mut self) -> Result<(u64, impl Read)> {
        Ok((self.0, Cursor::new(self.0.to_string())))
    }

    fn increase(&mut self, content: impl Read) -> Result<impl Read> {
        Ok(Increased { content, sum: &mut self.0 })
    }

    fn no(&mut self) -> Result<()> {
        Err(Error::new("no"))
    }
}

/// Counts what passes through as it is read.
struct Increased<'a, R> {
    content: R,
    sum: &'a mut u64,
}

impl<R: Read> Read for Increased<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buf)?;
        *self.sum += count as u64;
        Ok(count)
    }
}

/// The same for a service with a handler for each caller.
fn session(mut counter: impl Counter) {
    assert_eq!(counter.add(40).unwrap(), 40);
    assert_eq!(counter.no().unwrap_err().to_string(), "no");
    assert_eq!(counter.add(2).unwrap(), 42);
    let mut digits = String::new();
    counter.digits().unwrap().read_to_string(&mut digits).unwrap();
    assert_eq!(digits, "42");
    assert_eq!(counter.add_all(&[1, 2, 3][..]).unwrap(), 48);
    assert_eq!(counter.add_times(10, &[1, 2][..]).unwrap(), 78);
    let (sum, mut digits) = counter.sum_and_digits().unwrap();
    let mut text = String::new();
    digits.read_to_string(&mut text).unwrap();
    drop(digits);
    assert_eq!((sum, text.as_str()), (78, "78"));
    for (length, sum) in [(0, 78), (1, 79), (600_000, 600_079)] {
        let mut increased = counter.increase(io::repeat(3).take(length)).unwrap();
        assert_eq!(io::copy(&mut increased, &mut io::sink()).unwrap(), length);
        drop(increased);
        assert_eq!(counter.add(0).unwrap(), sum);
    }
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
