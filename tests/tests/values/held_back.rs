//! Items leave together if they come quickly, but none waits for the next one.

use std::io::{self, BufReader, IoSlice, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Parts, WriteHalf, memory_pair};
use rpc_core::{Client, Error, Result, Transport, rpc_service, serve_connection, values};
use rpc_tests::{TransportKind, watchdog};

#[rpc_service]
trait Slow {
    fn down(&self) -> Result<impl Iterator<Item = Result<u32>>>;
    fn up(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<u32>;
    fn both(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<impl Iterator<Item = Result<u32>>>;
    fn octets(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u32>>>;
}

/// How many items come quickly before one that does not come until all of them have arrived.
const QUICK: u32 = 5;

/// Numbers that come in groups: each group after the first waits until the one before has arrived.
struct Groups(Arc<Mutex<Receiver<u32>>>, std::ops::Range<u32>);

impl Iterator for Groups {
    type Item = Result<u32>;

    fn next(&mut self) -> Option<Result<u32>> {
        let number = self.1.next()?;
        if number > 0 && number % QUICK == 0 {
            let arrived = self.0.lock().unwrap();
            while arrived.recv().unwrap() != number - 1 {}
        }
        Some(Ok(number))
    }
}

const LAST: u32 = 4 * QUICK;

#[derive(Clone)]
struct Handler {
    arrived: Arc<Mutex<Receiver<u32>>>,
    saw: Sender<u32>,
}

impl Slow for Handler {
    fn down(&self) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(Groups(Arc::clone(&self.arrived), 0..LAST))
    }

    fn up(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<u32> {
        numbers.map(|number| number.inspect(|number| self.saw.send(*number).unwrap())).sum()
    }

    fn both(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(numbers.map(|number| number.inspect(|number| self.saw.send(*number).unwrap())))
    }

    fn octets(&self, mut content: impl Read) -> Result<impl Iterator<Item = Result<u32>>> {
        io::copy(&mut content, &mut io::sink())?;
        self.down()
    }
}

/// Returns a handler, what tells it that a number has arrived, and the numbers that it has seen.
fn handler() -> (Handler, Sender<u32>, Arc<Mutex<Receiver<u32>>>) {
    let (tell, arrived) = mpsc::channel();
    let (saw, seen) = mpsc::channel();
    (Handler { arrived: Arc::new(Mutex::new(arrived)), saw }, tell, Arc::new(Mutex::new(seen)))
}

/// If an item waited for the next one, this would hang.
fn none_waits(client: &SlowClient, tell: &Sender<u32>, seen: &Arc<Mutex<Receiver<u32>>>) {
    let all: Vec<u32> = (0..LAST).collect();
    let told = |number: Result<u32>| number.inspect(|number| tell.send(*number).unwrap());
    let sent = || Groups(Arc::clone(seen), 0..LAST);
    assert_eq!(client.down().unwrap().map(told).collect::<Result<Vec<_>>>().unwrap(), all);
    assert_eq!(client.octets(&b"some"[..]).unwrap().map(told).collect::<Result<Vec<_>>>().unwrap(), all);
    assert_eq!(client.up(sent()).unwrap(), all.iter().sum::<u32>());
    assert_eq!(client.both(sent()).unwrap().collect::<Result<Vec<_>>>().unwrap(), all);
}

#[test]
fn no_item_waits_for_the_next() {
    for &kind in TransportKind::ALL {
        watchdog(move || {
            let (handler, tell, seen) = handler();
            let (client, _) = kind.serve(SlowServer::new(handler));
            none_waits(&SlowClient::new(client), &tell, &seen);
        });
    }
}

/// A transport that cannot write without blocking.
struct Blocking<T>(T);

struct BlockingWriter(Box<dyn WriteHalf>);

impl<T: Transport> Transport for Blocking<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { writer: Box::new(BlockingWriter(parts.writer)), ..parts })
    }
}

impl WriteHalf for BlockingWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.0.write(bufs, until)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

/// A client of the service at the other end, and its handler's connections to the test.
fn over(near: impl Transport, far: impl Transport) -> (SlowClient, Sender<u32>, Arc<Mutex<Receiver<u32>>>) {
    let (handler, tell, seen) = handler();
    thread::spawn(move || serve_connection(far, SlowServer::new(handler)));
    (SlowClient::new(Client::from_transport(near).unwrap()), tell, seen)
}

#[test]
fn where_nothing_can_be_held_back_each_item_is_sent_at_once() {
    watchdog(|| {
        let (near, far) = memory_pair();
        let (client, tell, seen) = over(Blocking(near), Blocking(far));
        none_waits(&client, &tell, &seen);
    });
}

#[test]
fn no_item_waits_between_halves_of_any_kind() {
    watchdog(|| {
        let ((to_server, from_client), (to_client, from_server)) = (io::pipe().unwrap(), io::pipe().unwrap());
        let (client, tell, seen) = over((to_client, from_client), (to_server, from_server));
        none_waits(&client, &tell, &seen);
    });
}

/// Counts the writes of a transport.
struct Counting<T>(T, Arc<AtomicUsize>);

struct CountingWriter(Box<dyn WriteHalf>, Arc<AtomicUsize>);

impl<T: Transport> Transport for Counting<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { writer: Box::new(CountingWriter(parts.writer, self.1)), ..parts })
    }
}

impl WriteHalf for CountingWriter {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.write(bufs, until)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.try_write(bufs)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.0.finish(until)
    }
}

/// Numbers without any pause.
#[derive(Clone)]
struct Fast;

const MANY: u32 = 100_000;

impl Slow for Fast {
    fn down(&self) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(values(0..MANY))
    }

    fn up(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<u32> {
        numbers.map(|number| number.map(|_| 1)).sum()
    }

    fn both(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(numbers)
    }

    fn octets(&self, _content: impl Read) -> Result<impl Iterator<Item = Result<u32>>> {
        self.down()
    }
}

/// A few hundred kilobytes take some frames, and one more for each time that the items were sent
/// because they had waited, which is up to the machine.
#[test]
fn items_that_come_quickly_share_frames() {
    watchdog(|| {
        let (near, far) = memory_pair();
        let writes = Arc::new(AtomicUsize::new(0));
        let (ours, theirs) = (Counting(near, Arc::clone(&writes)), Counting(far, Arc::clone(&writes)));
        thread::spawn(move || serve_connection(theirs, SlowServer::new(Fast)));
        let client = SlowClient::new(Client::from_transport(ours).unwrap());
        let few = |what: &str| {
            let count = writes.swap(0, Ordering::SeqCst);
            assert!(count < MANY as usize / 4, "{what}: {count} writes for {MANY} items");
        };
        assert_eq!(client.down().unwrap().count(), MANY as usize);
        few("down");
        assert_eq!(client.up(values(0..MANY)).unwrap(), MANY);
        few("up");
        assert_eq!(client.both(values(0..MANY)).unwrap().count(), MANY as usize);
        few("both");
    });
}

/// Numbers whose pauses are about as long as items are held back, so that the thread that sends
/// them and the one that makes them meet at every moment.
fn at_every_moment(seed: u32, count: u32) -> impl Iterator<Item = Result<u32>> {
    let mut state = seed | 1;
    values((0..count).inspect(move |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let until = Instant::now() + Duration::from_micros(u64::from(state % 700));
        while state.is_multiple_of(4) && Instant::now() < until {
            std::hint::spin_loop();
        }
    }))
}

#[derive(Clone)]
struct Racing;

const RACES: u32 = 1_000;

impl Slow for Racing {
    fn down(&self) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(at_every_moment(7, RACES))
    }

    fn up(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<u32> {
        let mut count = 0;
        for number in numbers {
            if number? != count {
                return Err(Error::new("out of order"));
            }
            count += 1;
        }
        Ok(count)
    }

    fn both(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(numbers.zip(at_every_moment(9, RACES)).map(|(number, _)| number))
    }

    fn octets(&self, content: impl Read) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(BufReader::new(content)
            .bytes()
            .zip(at_every_moment(11, RACES))
            .map(|(byte, number)| byte.map(|_| number)?))
    }
}

#[test]
fn whoever_sends_an_item_it_arrives_once_and_in_order() {
    for &kind in TransportKind::ALL {
        watchdog(move || {
            let (client, connections) = kind.serve(SlowServer::new(Racing));
            let client = SlowClient::new(client);
            let all: Vec<u32> = (0..RACES).collect();
            thread::scope(|scope| {
                for seed in 0..4 {
                    let (client, all) = (&client, &all);
                    scope.spawn(move || {
                        assert_eq!(client.down().unwrap().collect::<Result<Vec<_>>>().unwrap(), *all);
                        assert_eq!(client.up(at_every_moment(seed, RACES)).unwrap(), RACES);
                        let both = client.both(at_every_moment(seed, RACES)).unwrap();
                        assert_eq!(both.collect::<Result<Vec<_>>>().unwrap(), *all);
                        let bytes = vec![0; RACES as usize];
                        let read = client.octets(&bytes[..]).unwrap().collect::<Result<Vec<_>>>();
                        assert_eq!(read.unwrap(), *all);
                    });
                }
            });
            assert!(connections.count() <= 4, "{kind:?}: all stayed in step");
        });
    }
}

/// The thread that sends what is held back meets an error; whoever makes the items hears of it.
#[test]
fn a_peer_that_is_gone_ends_the_items() {
    watchdog(|| {
        let (near, mut far) = memory_pair();
        let client = SlowClient::new(Client::from_transport(near).unwrap());
        let gone = thread::spawn(move || {
            // the header and some items
            far.read_exact(&mut [0; 200]).unwrap();
            drop(far);
        });
        let error = client.up(at_every_moment(3, u32::MAX)).unwrap_err();
        assert!(matches!(error, Error::Transport { .. }) && !error.connection_usable(), "{error:?}");
        gone.join().unwrap();
    });
}

/// What is held back leaves before the reason why no more comes.
#[test]
fn what_is_held_back_comes_before_the_error_behind_it() {
    watchdog(|| {
        let (near, mut far) = memory_pair();
        thread::spawn(move || serve_connection(near, SlowServer::new(Failing)));
        far.write_all(&rpc_tests::wire::opening("down", 3, 4)).unwrap();
        far.write_all(&rpc_tests::wire::data("null")).unwrap();
        let (mut received, mut piece) = (Vec::new(), [0; 1000]);
        let body = loop {
            let count = far.read(&mut piece).unwrap();
            received.extend_from_slice(&piece[..count]);
            let frames = rpc_tests::wire::frames(&received);
            if frames.last().is_some_and(|frame| frame.kind == rpc_tests::wire::TRAILER) {
                break frames[1..frames.len() - 1].iter().flat_map(|frame| frame.payload.clone()).collect::<Vec<_>>();
            }
        };
        assert_eq!(String::from_utf8(body).unwrap(), "0\n1\n2\n3\n");
    });
}

#[derive(Clone)]
struct Failing;

impl Slow for Failing {
    fn down(&self) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(values(0..4).chain([Err(Error::new("broken"))]))
    }

    fn up(&self, _numbers: impl Iterator<Item = Result<u32>>) -> Result<u32> {
        Ok(0)
    }

    fn both(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(numbers)
    }

    fn octets(&self, _content: impl Read) -> Result<impl Iterator<Item = Result<u32>>> {
        self.down()
    }
}
