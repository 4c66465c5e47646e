//! Each shape of a signature, over each kind of transport, and in process.

use std::io::Read;
use std::iter::FusedIterator;
use std::sync::Arc;

use rpc_core::{Error, Method, Result, Service, Session, values};
use rpc_tests::{TransportKind, watchdog};

use super::service::{
    Book, Depot, DepotClient, DepotServer, Entry, Ledger, LedgerClient, LedgerServer, Shelf, Summary, entries,
};

/// More than fits into the buffers on the way.
const MANY: u64 = 20_000;

/// Calls each method of a depot, whatever it is.
fn use_all(depot: &impl Depot) -> Result<()> {
    for count in [0, 1, 3, MANY] {
        let all = entries(count);
        let expected = Summary { count, bytes: all.iter().map(|entry| entry.size).sum() };
        let sizes: Vec<u64> = (0..count).collect();

        assert_eq!(depot.entries(count)?.collect::<Result<Vec<_>>>()?, all);
        assert_eq!(depot.import("open", values(all.clone()))?, expected);
        assert_eq!(depot.count(values(all.clone()))?, expected);
        let (first, rest) = depot.scan(count)?;
        assert_eq!((first.count, rest.collect::<Result<Vec<_>>>()?), (count, sizes.clone()));
        let doubled: Vec<u64> = depot.enrich(values(all.clone()))?.collect::<Result<_>>()?;
        assert!(doubled.iter().eq(sizes.iter().map(|size| size * 2).collect::<Vec<_>>().iter()));
        let content = vec![7; usize::try_from(count).expect("it is small")];
        assert_eq!(depot.index(&content[..])?.collect::<Result<Vec<u8>>>()?, content);
        let mut joined = String::new();
        depot.join("first", values(all.clone()))?.read_to_string(&mut joined)?;
        assert_eq!(joined, all.iter().fold("first".to_owned(), |text, entry| text + &entry.name));
        assert_eq!(depot.fill(values(all)).ok(), Some(count));
    }
    let error = depot.import("closed", values(entries(3))).unwrap_err();
    assert_eq!(error.to_string(), "the depot is closed");
    let text = "a\u{1f980}\n\"";
    assert_eq!(depot.letters(text)?.collect::<Result<String>>()?, text);
    Ok(())
}

#[test]
fn every_shape_works_over_every_transport() {
    for &kind in TransportKind::ALL {
        watchdog(move || {
            let (client, connections) = kind.serve(DepotServer::new(Shelf));
            use_all(&DepotClient::new(client)).unwrap();
            assert_eq!(connections.count(), 1, "{kind:?}: each call left its connection in step");
        });
    }
}

#[test]
fn every_shape_works_in_process_and_through_pointers() {
    watchdog(|| {
        use_all(&Shelf).unwrap();
        use_all(&&Shelf).unwrap();
        use_all(&Arc::new(Shelf)).unwrap();
        let (client, _) = TransportKind::Memory.serve(DepotServer::new(Shelf));
        use_all(&Box::new(DepotClient::new(client))).unwrap();
    });
}

/// A depot in front of another: what it returns it passes on as it comes.
#[derive(Clone)]
struct Proxy<D>(D);

impl<D: Depot> Depot for Proxy<D> {
    fn entries(&self, count: u64) -> Result<impl Iterator<Item = Result<Entry>>> {
        self.0.entries(count)
    }

    fn import(&self, batch: &str, entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary> {
        self.0.import(batch, entries)
    }

    fn count(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary> {
        self.0.count(entries)
    }

    fn scan(&self, count: u64) -> Result<(Summary, impl Iterator<Item = Result<u64>>)> {
        self.0.scan(count)
    }

    fn enrich(&self, entries: impl Iterator<Item = Result<Entry>>) -> Result<impl Iterator<Item = Result<u64>>> {
        self.0.enrich(entries)
    }

    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u8>>> {
        self.0.index(content)
    }

    fn join(&self, name: &str, entries: impl Iterator<Item = Result<Entry>>) -> Result<impl Read> {
        self.0.join(name, entries)
    }

    fn overflow(
        &self,
        count: u64,
    ) -> Result<impl Iterator<Item = Result<Entry, super::service::DepotError>>, super::service::DepotError> {
        self.0.overflow(count)
    }

    fn fill(
        &self,
        entries: impl Iterator<Item = Result<Entry, super::service::DepotError>>,
    ) -> Result<u64, super::service::DepotError> {
        self.0.fill(entries)
    }

    fn letters<'a>(&'a self, text: &'a str) -> Result<impl Iterator<Item = Result<char>> + 'a> {
        self.0.letters(text)
    }
}

#[test]
fn a_server_passes_on_what_another_sends() {
    watchdog(|| {
        let (behind, _) = TransportKind::Memory.serve(DepotServer::new(Shelf));
        let (front, _) = TransportKind::Tcp.serve(DepotServer::new(Proxy(DepotClient::new(behind))));
        use_all(&DepotClient::new(front)).unwrap();
    });
}

#[test]
fn a_session_lends_itself_to_its_streams() {
    for &kind in TransportKind::ALL {
        watchdog(move || {
            let (client, _) = kind.serve(LedgerServer::new(Book::default()));
            drop(client);
            let (near, far) = kind.pair().unwrap();
            let serving =
                std::thread::spawn(move || rpc_core::serve_connection(far, LedgerServer::new(Book::default())));
            let mut ledger = LedgerClient::new(Session::from_transport(near).unwrap());
            assert_eq!(ledger.add(values([1, 2, 3])).unwrap(), 3);
            assert_eq!(ledger.all().unwrap().collect::<Result<Vec<_>>>().unwrap(), [1, 2, 3]);
            assert_eq!(ledger.running(values([4, 5])).unwrap().collect::<Result<Vec<_>>>().unwrap(), [10, 15]);
            assert_eq!(ledger.all().unwrap().next().unwrap().unwrap(), 1, "and the rest is cancelled");
            assert_eq!(ledger.add(values([])).unwrap(), 5);
            LedgerClient::close(ledger).unwrap();
            serving.join().unwrap().unwrap();
        });
    }
}

#[test]
fn the_readers_type_keeps_its_promises() {
    fn check<I: FusedIterator<Item = Result<Entry>> + Send + Unpin + std::fmt::Debug>(stream: I) -> String {
        format!("{stream:?}")
    }
    watchdog(|| {
        let (client, _) = TransportKind::Memory.serve(DepotServer::new(Shelf));
        let client = DepotClient::new(client);
        let mut stream = client.entries(2).unwrap();
        stream.next().unwrap().unwrap();
        let text = check(stream);
        assert!(text.starts_with("ValueReader {") && text.contains("read: 1"), "{text}");
        // another thread may read it, after its client is gone
        let stream = client.entries(MANY).unwrap();
        drop(client);
        let read = std::thread::spawn(move || stream.map(|entry| entry.map(|_| 1)).sum::<Result<u64>>());
        assert_eq!(read.join().unwrap().unwrap(), MANY);
    });
}

#[test]
fn the_contract_says_which_streams_are_values() {
    let contract = <DepotServer<Shelf> as Service>::CONTRACT.unwrap();
    let of = |name: &str| {
        let method = contract.find(name).unwrap();
        (method.has_values_in_request(), method.has_values_in_reply())
    };
    assert_eq!(of("entries"), (false, true));
    assert_eq!(of("import"), (true, false));
    assert_eq!(of("scan"), (false, true));
    assert_eq!(of("enrich"), (true, true));
    assert_eq!(of("index"), (false, true));
    assert_eq!(of("join"), (true, false));
    let plain = Method::new("plain");
    assert!(!plain.has_values_in_request() && !plain.has_values_in_reply());
}

#[test]
fn values_work_by_hand_too() {
    use rpc_core::{Call, Contract, Contracts, Dispatch, Served};

    #[derive(Clone)]
    struct ByHand;

    impl Dispatch for ByHand {
        fn contracts(&self) -> Contracts {
            const CONTRACT: Contract = Contract::new("ByHand");
            Contracts::from(&CONTRACT)
        }

        fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
            match call.endpoint() {
                "count" => call.takes_json().returns_values(|to: u32| Ok::<_, Error>(values::<_, Error>(0..to))),
                "sum" => call.takes_values::<u32>().returns_json(|numbers| numbers.sum::<Result<u32>>()),
                "from" => call
                    .takes_json_and_values::<u32, u32>()
                    .returns_json_and_values(|(first, rest)| Ok::<_, Error>((first, rest))),
                _ => call.unknown_endpoint(),
            }
        }
    }

    watchdog(|| {
        let (client, connections) = TransportKind::Tcp.serve(ByHand);
        let counted: Vec<u32> = client.call("count").with(&4).values().unwrap().collect::<Result<_>>().unwrap();
        assert_eq!(counted, [0, 1, 2, 3]);
        let sum: u32 = client.call("sum").with_values(values::<_, Error>([1, 2, 3])).json().unwrap();
        assert_eq!(sum, 6);
        let call = client.call("from").with(&9).with_values(values::<_, Error>([8, 7]));
        let (first, rest) = call.json_and_values::<u32, u32>().unwrap();
        assert_eq!((first, rest.collect::<Result<Vec<_>>>().unwrap()), (9, vec![8, 7]));
        assert_eq!(connections.count(), 1);
    });
}
