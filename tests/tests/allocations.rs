//! After the first run, calls and frames allocate no memory except for the values themselves.

use std::io::{self, Read};
use std::time::Duration;

use rpc_core::{ClientConfig, Result, Server, ServerHandle, Session, rpc_service, values};
use rpc_tests::heap::{self, Counted, Heap};
use rpc_tests::watchdog_with_limit;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// The number of calls or frames before counting, and the number counted.
const COUNT: u64 = 500;

const NONE: Heap = Heap { server: 0, client: 0 };

#[rpc_service]
trait Meter {
    fn next(&self, number: u64) -> Result<u64>;
    fn longer(&self, number: u64, text: &str) -> Result<u64>;
    fn named(&self, first: u64, second: Option<u32>, third: bool) -> Result<(u64, bool)>;
    fn nothing(&self) -> Result<()>;
    fn down(&self, count: u64) -> Result<impl Read>;
    fn up(&self, content: impl Read) -> Result<u64>;
    fn items(&self, count: u64) -> Result<impl Iterator<Item = Result<u64>>>;
    fn sum(&self, items: impl Iterator<Item = Result<u64>>) -> Result<u64>;
    fn pass(&self, items: impl Iterator<Item = Result<u64>>) -> Result<impl Iterator<Item = Result<u64>>>;
}

#[derive(Clone)]
struct Plain;

impl Meter for Plain {
    fn next(&self, number: u64) -> Result<u64> {
        Ok(number + 1)
    }

    fn longer(&self, number: u64, text: &str) -> Result<u64> {
        Ok(number + text.len() as u64)
    }

    fn named(&self, first: u64, second: Option<u32>, third: bool) -> Result<(u64, bool)> {
        Ok((first + second.map_or(0, u64::from), third))
    }

    fn nothing(&self) -> Result<()> {
        Ok(())
    }

    fn down(&self, count: u64) -> Result<impl Read> {
        Ok(io::repeat(7).take(count))
    }

    fn up(&self, mut content: impl Read) -> Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }

    fn items(&self, count: u64) -> Result<impl Iterator<Item = Result<u64>>> {
        Ok(values(0..count))
    }

    fn sum(&self, items: impl Iterator<Item = Result<u64>>) -> Result<u64> {
        items.sum()
    }

    fn pass(&self, items: impl Iterator<Item = Result<u64>>) -> Result<impl Iterator<Item = Result<u64>>> {
        Ok(items)
    }
}

fn serve(address: &str) -> ServerHandle {
    Server::bind(address).unwrap().spawn(MeterServer::new(Plain)).unwrap()
}

/// Runs a test alone, against a server at an address of each kind. Its own allocations count as the
/// client's.
fn over_each_socket(test: impl Fn(&ServerHandle) + Send + 'static) {
    watchdog_with_limit(Duration::from_secs(120), move || {
        let _alone = heap::alone();
        heap::as_client(|| {
            test(&serve("tcp://127.0.0.1:0"));
            if cfg!(unix) {
                let folder = tempfile::tempdir().unwrap();
                test(&serve(&format!("unix://{}", folder.path().join("meter.sock").display())));
            }
        });
    });
}

/// How often a count is repeated. Allocations of other threads count too: on a busy machine another
/// test may start, or the thread that sends batched replies may allocate its buffers, at any time,
/// but not repeatedly.
const TRIES: usize = 20;

/// Checks what a call allocates on each side after it has been made often.
fn assert_per_count(expected: Heap, mut call: impl FnMut(u64)) {
    (0..COUNT).for_each(&mut call);
    let counts = (0..TRIES).map(|_| heap::allocations(|| (0..COUNT).for_each(&mut call)));
    let others: Vec<_> = counts.take_while(|count| *count != expected).collect();
    assert!(others.len() < TRIES, "{others:?}");
}

#[test]
fn a_small_call_allocates_nothing() {
    over_each_socket(|server| {
        let client = MeterClient::connect(server.address()).unwrap();
        assert_per_count(NONE, |number| assert_eq!(client.next(number).unwrap(), number + 1));
        assert_per_count(NONE, |number| assert_eq!(client.longer(number, "").unwrap(), number));
        assert_per_count(NONE, |number| _ = client.named(number, Some(7), true).unwrap());
        assert_per_count(NONE, |_| client.nothing().unwrap());
    });
}

#[test]
fn a_call_over_a_shared_connection_allocates_nothing() {
    over_each_socket(|server| {
        let config = ClientConfig::default().shared_connections(2);
        let client = MeterClient::connect_with(server.address(), config).unwrap();
        assert_per_count(NONE, |number| assert_eq!(client.next(number).unwrap(), number + 1));
        assert_per_count(NONE, |number| _ = client.named(number, Some(7), true).unwrap());
    });
}

#[test]
fn a_call_with_text_allocates_only_the_handlers_text() {
    over_each_socket(|server| {
        let client = MeterClient::connect(server.address()).unwrap();
        let expected = Heap { server: usize::try_from(COUNT).unwrap(), client: 0 };
        assert_per_count(expected, |number| assert_eq!(client.longer(number, "text").unwrap(), number + 4));
    });
}

#[test]
fn a_call_of_a_session_allocates_nothing() {
    over_each_socket(|server| {
        let mut session = Session::connect(server.address()).unwrap();
        assert_per_count(NONE, |number| {
            assert_eq!(session.call("next").with(&number).json::<u64>().unwrap(), number + 1);
        });
    });
}

#[test]
fn a_pipelined_call_allocates_nothing() {
    over_each_socket(|server| {
        let client = rpc_core::Client::connect(server.address()).unwrap();
        let mut replies = client.pipeline::<_, u64>("next", 0..).unwrap();
        assert_per_count(NONE, |_| _ = replies.next().unwrap().unwrap());
    });
}

/// A stream of twice this length has [`COUNT`] more frames.
const LENGTH: u64 = COUNT * 256 * 1024;

#[test]
fn a_frame_allocates_nothing() {
    over_each_socket(|server| {
        let client = MeterClient::connect(server.address()).unwrap();
        let down = |length| {
            heap::allocations(|| assert_eq!(client.down(length).unwrap().copy_to(&mut io::sink()).unwrap(), length))
        };
        let up = |length| heap::allocations(|| assert_eq!(client.up(io::repeat(7).take(length)).unwrap(), length));
        assert_costs_nothing("down", [LENGTH, 2 * LENGTH], down);
        assert_costs_nothing("up", [LENGTH, 2 * LENGTH], up);
    });
}

/// How many items a stream has, and how many more a longer one.
const ITEMS: u64 = 20_000;

#[test]
fn an_item_allocates_nothing() {
    over_each_socket(|server| {
        let client = MeterClient::connect(server.address()).unwrap();
        let sum = |count: u64| count * (count - 1) / 2;
        let down = |count| {
            heap::allocations(|| assert_eq!(client.items(count).unwrap().sum::<Result<u64>>().unwrap(), sum(count)))
        };
        let up = |count| heap::allocations(|| assert_eq!(client.sum(values(0..count)).unwrap(), sum(count)));
        let both = |count| {
            let passed = || client.pass(values(0..count)).unwrap().sum::<Result<u64>>().unwrap();
            heap::allocations(|| assert_eq!(passed(), sum(count)))
        };
        assert_costs_nothing("items down", [ITEMS, 2 * ITEMS], down);
        assert_costs_nothing("items up", [ITEMS, 2 * ITEMS], up);
        assert_costs_nothing("items both ways", [ITEMS, 2 * ITEMS], both);
    });
}

/// How often a stream's buffer grows at most. It grows when a read has filled it, which depends on
/// which side is faster.
const GROWTH: usize = 4;

fn assert_costs_nothing(way: &str, lengths: [u64; 2], stream: impl Fn(u64) -> Heap) {
    stream(lengths[0]);
    let counts = (0..TRIES).map(|_| lengths.map(&stream));
    let others: Vec<_> = counts.take_while(|[once, twice]| !nearly_same(once, twice)).collect();
    assert!(others.len() < TRIES, "{way}: {others:?}");
}

fn nearly_same(once: &Heap, twice: &Heap) -> bool {
    once.server.abs_diff(twice.server) <= GROWTH && once.client.abs_diff(twice.client) <= GROWTH
}
