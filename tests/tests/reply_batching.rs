//! Small replies to calls that arrived together are sent together, but none waits for a handler.

use std::io::{self, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Parts, WriteHalf, memory_pair, memory_pair_with_capacity};
use rpc_core::unstable::{MessageError, MessageReader, ReplyHeader};
use rpc_core::{Ended, Error, Result, Server, Transport, rpc_service, serve_connection};
use rpc_tests::{Records, watchdog, wire};

#[rpc_service]
trait Steps {
    fn echo(&self, text: String) -> Result<String>;
    fn fail(&self, text: String) -> Result<String>;
    /// Returns when the test allows it.
    fn wait(&self) -> Result<String>;
    fn bytes(&self, text: String) -> Result<impl Read>;
    fn store(&self, name: String, content: impl Read) -> Result<u64>;
}

/// `wait` reports here that it has begun, and how to end it.
#[derive(Clone)]
struct Handler(mpsc::Sender<mpsc::Sender<()>>);

impl Steps for Handler {
    fn echo(&self, text: String) -> Result<String> {
        Ok(text)
    }

    fn fail(&self, text: String) -> Result<String> {
        Err(Error::new(text))
    }

    fn wait(&self) -> Result<String> {
        let (end, ended) = mpsc::channel();
        self.0.send(end).unwrap();
        // the end of the test ends it, too
        _ = ended.recv();
        Ok("waited".to_owned())
    }

    fn bytes(&self, text: String) -> Result<impl Read> {
        Ok(io::Cursor::new(text))
    }

    fn store(&self, _name: String, mut content: impl Read) -> Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }
}

fn handler() -> (StepsServer<Handler>, mpsc::Receiver<mpsc::Sender<()>>) {
    let (began, waiting) = mpsc::channel();
    (StepsServer::new(Handler(began)), waiting)
}

fn call(endpoint: &str, text: &str) -> Vec<u8> {
    wire::request(endpoint, 3, &format!("\"{text}\""))
}

fn wait() -> Vec<u8> {
    wire::request("wait", 3, "null")
}

trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// The halves of a transport as a blocking stream.
struct Halves(Parts);

impl Read for Halves {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.reader.read(buf, None)
    }
}

impl Write for Halves {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.writer.write(&[IoSlice::new(buf)], None)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A client that writes requests by hand, and reads replies as they arrive.
struct Caller(MessageReader<Box<dyn Stream>>);

impl Caller {
    /// The first reply on a connection is never delayed.
    fn new(stream: impl Stream + 'static) -> Caller {
        let mut caller = Caller(MessageReader::new(Box::new(stream)));
        caller.send(&[call("echo", "first")]);
        assert_eq!(caller.reply(), "\"first\"");
        caller
    }

    /// Sends all requests in one write.
    fn send(&mut self, requests: &[Vec<u8>]) {
        self.0.frames_mut().get_mut().write_all(&requests.concat()).unwrap();
    }

    /// Returns the next reply's JSON or octets, or its error's text.
    fn reply(&mut self) -> String {
        let mut bytes = Vec::new();
        assert!(self.0.read_header(&mut bytes).unwrap(), "the server has hung up");
        let header = ReplyHeader::decode(&bytes).unwrap();
        if header.error != 1 {
            return header.error_message.into_owned();
        }
        self.0.start_body(1);
        let mut body = Vec::new();
        self.0.read_body(usize::MAX, &mut body).unwrap();
        String::from_utf8(body).unwrap()
    }

    /// Returns whether the server ends with a Reset frame.
    fn reset(&mut self) -> bool {
        matches!(self.0.read_header(&mut Vec::new()), Err(MessageError::Reset))
    }
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

/// Runs a test against a server on each kind of transport.
fn over_each_transport(test: impl Fn(Caller, &mpsc::Receiver<mpsc::Sender<()>>)) {
    let run = |theirs: Parts, ours: Box<dyn Stream>| {
        let (service, waiting) = handler();
        thread::scope(|scope| {
            scope.spawn(move || serve_connection(theirs, service));
            test(Caller::new(ours), &waiting);
        });
    };
    for (ours, theirs) in [memory_pair(), memory_pair_with_capacity(8 * 1024)] {
        run(theirs.into_parts().unwrap(), Box::new(ours));
    }
    let (ours, theirs) = memory_pair_with_capacity(8 * 1024);
    run(Records(theirs).into_parts().unwrap(), Box::new(Halves(Records(ours).into_parts().unwrap())));
    let (ours, theirs) = tcp_pair();
    run(theirs.into_parts().unwrap(), Box::new(ours));
    let (ours, theirs) = tcp_pair();
    run((theirs.try_clone().unwrap(), theirs).into_parts().unwrap(), Box::new(ours));
    let (ours, theirs) = tcp_pair();
    run(Blocking(theirs).into_parts().unwrap(), Box::new(ours));
    #[cfg(unix)]
    {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        run(theirs.into_parts().unwrap(), Box::new(ours));
    }
}

/// A transport that cannot write without blocking, although the one below it can.
struct Blocking<T>(T);

impl<T: Transport> Transport for Blocking<T> {
    fn into_parts(self) -> io::Result<Parts> {
        let parts = self.0.into_parts()?;
        Ok(Parts { writer: Box::new(Counted { half: parts.writer, writes: Arc::default(), tries: 0 }), ..parts })
    }
}

/// Counts the writes that move bytes.
struct Counted {
    half: Box<dyn WriteHalf>,
    writes: Arc<AtomicUsize>,
    /// How many writes can be tried without blocking. With 0 none can; otherwise the next one
    /// panics.
    tries: usize,
}

impl WriteHalf for Counted {
    fn write(&mut self, bufs: &[IoSlice<'_>], until: Option<Instant>) -> io::Result<usize> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.half.write(bufs, until)
    }

    fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.tries == 0 {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.tries -= 1;
        assert!(self.tries > 0, "on purpose");
        let written = self.half.try_write(bufs)?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(written)
    }

    fn finish(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.half.finish(until)
    }
}

#[test]
fn a_reply_arrives_although_the_next_handler_waits_for_its_client() {
    watchdog(|| {
        over_each_transport(|mut caller, waiting| {
            for _ in 0..3 {
                caller.send(&[call("echo", "a"), call("fail", "b"), wait(), call("echo", "c"), wait()]);
                assert_eq!(caller.reply(), "\"a\"");
                assert_eq!(caller.reply(), "b");
                // only now, because this client has the earlier replies
                waiting.recv().unwrap().send(()).unwrap();
                assert_eq!(caller.reply(), "\"waited\"");
                assert_eq!(caller.reply(), "\"c\"");
                waiting.recv().unwrap().send(()).unwrap();
                assert_eq!(caller.reply(), "\"waited\"");
            }
        });
    });
}

#[test]
fn small_replies_to_calls_that_arrived_together_are_sent_together() {
    watchdog(|| {
        let (ours, theirs) = memory_pair();
        let (parts, writes) = (theirs.into_parts().unwrap(), Arc::<AtomicUsize>::default());
        let writer = Counted { half: parts.writer, writes: Arc::clone(&writes), tries: usize::MAX };
        let parts = Parts { writer: Box::new(writer), ..parts };
        thread::scope(|scope| {
            scope.spawn(|| serve_connection(parts, handler().0));
            let mut caller = Caller::new(ours);
            writes.store(0, Ordering::SeqCst);
            caller.send(&vec![call("echo", "a"); 60]);
            (0..60).for_each(|_| assert_eq!(caller.reply(), "\"a\""));
            let writes = writes.load(Ordering::SeqCst);
            // two, unless this machine is busy
            assert!(writes < 30, "{writes} writes for 60 replies");
        });
    });
}

#[test]
fn replies_of_every_kind_and_size_stay_in_order() {
    watchdog(|| {
        over_each_transport(|mut caller, _| {
            let sizes = [1, 500, 700, 3, 900, 1980, 1];
            for shift in 0..100 {
                let texts: Vec<_> = sizes.iter().map(|&size| "x".repeat(size + shift % 50)).collect();
                let mut requests: Vec<_> = texts.iter().map(|text| call("echo", text)).collect();
                requests.insert(shift % 7, call("fail", "no"));
                requests.insert(shift % 5, wire::request("bytes", 4, "\"raw\""));
                let mut expected: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
                expected.insert(shift % 7, "no".to_owned());
                expected.insert(shift % 5, "raw".to_owned());
                caller.send(&requests);
                expected.iter().for_each(|expected| assert_eq!(caller.reply(), *expected));
            }
        });
    });
}

#[test]
fn a_close_after_other_calls_is_acknowledged_after_their_replies() {
    watchdog(|| {
        over_each_transport(|mut caller, _| {
            caller.send(&[call("echo", "a"), call("echo", "b"), wire::close_request()]);
            assert_eq!(caller.reply(), "\"a\"");
            assert_eq!(caller.reply(), "\"b\"");
            assert!(caller.0.read_header(&mut Vec::new()).unwrap(), "the acknowledgement");
            assert!(caller.reset());
        });
    });
}

#[test]
fn a_reset_comes_after_earlier_replies() {
    watchdog(|| {
        over_each_transport(|mut caller, _| {
            let broken = [wire::header("no header"), wire::data("1")].concat();
            caller.send(&[call("echo", "a"), call("fail", "b"), broken]);
            assert_eq!(caller.reply(), "\"a\"");
            assert_eq!(caller.reply(), "b");
            assert!(caller.reset());
        });
    });
}

#[test]
fn an_unanswered_broken_call_does_not_lose_earlier_replies() {
    watchdog(|| {
        over_each_transport(|mut caller, _| {
            let upload = [wire::opening("store", 5, 3), wire::data("\"name\""), wire::frame(9, true, b"")].concat();
            caller.send(&[call("echo", "a"), call("fail", "b"), upload]);
            assert_eq!(caller.reply(), "\"a\"");
            assert_eq!(caller.reply(), "b");
        });
    });
}

/// A server's connection in memory with this capacity, and the test's handles to it.
struct InMemory {
    caller: Caller,
    waiting: mpsc::Receiver<mpsc::Sender<()>>,
    server: thread::JoinHandle<Result<Ended>>,
}

impl InMemory {
    fn new(capacity: usize) -> InMemory {
        let (ours, theirs) = memory_pair_with_capacity(capacity);
        let (service, waiting) = handler();
        let server = thread::spawn(move || serve_connection(theirs, service));
        InMemory { caller: Caller::new(ours), waiting, server }
    }

    /// Returns a connection with a delayed reply that its transport does not accept, and a sender
    /// that ends the next call.
    fn deaf() -> (InMemory, mpsc::Sender<()>) {
        let mut deaf = InMemory::new(100);
        // a refusal's text travels in its header, so no reply is too large to be delayed
        deaf.caller.send(&[call("fail", &"b".repeat(150)), wait()]);
        let end = deaf.waiting.recv().unwrap();
        (deaf, end)
    }

    /// Makes two calls, of which the second waits until the first has its reply; returns how long
    /// that took.
    fn two_calls(&mut self) -> Duration {
        let begun = Instant::now();
        self.caller.send(&[call("echo", "a"), wait()]);
        assert_eq!(self.caller.reply(), "\"a\"");
        let took = begun.elapsed();
        self.waiting.recv().unwrap().send(()).unwrap();
        assert_eq!(self.caller.reply(), "\"waited\"");
        took
    }

    fn end(self) {
        drop(self.caller);
        assert_eq!(self.server.join().unwrap().unwrap(), Ended::HungUp);
    }
}

#[test]
fn a_peer_that_reads_nothing_delays_no_other_and_gets_its_replies_when_it_reads() {
    watchdog(|| {
        let (mut deaf, end) = InMemory::deaf();
        let mut other = InMemory::new(8 * 1024);
        other.two_calls();
        assert_eq!(deaf.caller.reply(), "b".repeat(150));
        end.send(()).unwrap();
        assert_eq!(deaf.caller.reply(), "\"waited\"");
        deaf.end();
        other.end();
    });
}

/// The thread that sends delayed replies slept up to 20 ms until its next attempt for a client that
/// reads nothing, and a reply that was due earlier waited for that.
#[test]
fn a_peer_that_reads_nothing_does_not_delay_the_replies_of_others() {
    watchdog(|| {
        let (mut deaf, end) = InMemory::deaf();
        let mut other = InMemory::new(8 * 1024);
        // a busy machine may be late for some of them; a sleeping thread is late each time
        let mut in_time = 0;
        for _ in 0..400 {
            in_time = if other.two_calls() < Duration::from_millis(7) { in_time + 1 } else { 0 };
            if in_time == 5 {
                break;
            }
        }
        assert_eq!(in_time, 5, "each reply waited for the client that reads nothing");
        other.end();
        assert_eq!(deaf.caller.reply(), "b".repeat(150));
        end.send(()).unwrap();
        assert_eq!(deaf.caller.reply(), "\"waited\"");
        deaf.end();
    });
}

#[test]
fn a_transport_that_panics_costs_only_its_connection() {
    watchdog(|| {
        let (ours, theirs) = memory_pair();
        let parts = theirs.into_parts().unwrap();
        // the first reply is sent at once; the second is delayed, and sending it fails
        let writer = Counted { half: parts.writer, writes: Arc::default(), tries: 2 };
        let parts = Parts { writer: Box::new(writer), ..parts };
        let (service, waiting) = handler();
        let broken = thread::spawn(|| serve_connection(parts, service));
        let mut caller = Caller::new(ours);
        caller.send(&[call("echo", "a"), wait()]);
        let end = waiting.recv().unwrap();

        let (ours, theirs) = memory_pair();
        let (service, waiting) = handler();
        let server = thread::spawn(|| serve_connection(theirs, service));
        let mut other = Caller::new(ours);
        other.send(&[call("echo", "b"), wait()]);
        assert_eq!(other.reply(), "\"b\"");
        waiting.recv().unwrap().send(()).unwrap();
        assert_eq!(other.reply(), "\"waited\"");
        drop(other);
        assert_eq!(server.join().unwrap().unwrap(), Ended::HungUp);

        // by now its attempt is over, because it was due before the other's
        end.send(()).unwrap();
        assert!(matches!(broken.join().unwrap(), Err(Error::Transport { .. })));
    });
}

/// Returns whether nobody listens any more. Ignores other errors, because ports may run out.
fn refused(address: &str) -> bool {
    let place = address.strip_prefix("tcp://").unwrap();
    TcpStream::connect(place).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[test]
fn a_shutdown_sends_the_replies_of_calls_that_have_run() {
    watchdog(|| {
        let (service, waiting) = handler();
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(service).unwrap();
        let address = server.address().to_string();
        let mut caller = Caller::new(TcpStream::connect(address.strip_prefix("tcp://").unwrap()).unwrap());
        caller.send(&[call("echo", "a"), wait(), call("echo", "never")]);
        let end = waiting.recv().unwrap();
        thread::scope(|scope| {
            let shutdown = scope.spawn(|| server.shutdown(Duration::from_secs(30)));
            // once nobody accepts any more, every connection has been sent its Reset
            while !refused(&address) {}
            end.send(()).unwrap();
            assert_eq!(caller.reply(), "\"a\"");
            assert_eq!(caller.reply(), "\"waited\"");
            assert!(caller.reset(), "the last request has not run");
            drop(caller);
            assert_eq!(shutdown.join().unwrap().cut, 0);
        });
    });
}
